/**
 * The list of sessions of a node (`/connz`): what a request asks for, and the answer, with the names that NATS has.
 *
 * @module
 */

import {
  type ListedSession,
  pageOf,
  SESSION_SORTS,
  type SessionQuery,
} from "#observe/session-facts.ts";
import { BadRequest } from "./admin-answer.ts";
import type { NodeOperations, WorkerReply } from "./node-operations.ts";

const STATES = ["open", "closed", "all"] as const;
const MOST_OF_PAGE = 1_000;
const DEFAULT_LIMIT = 100;

/** As many sessions of each worker are looked at to find a page of all of them. */
const MOST_TOGETHER = 10_000;

const PARAMETERS = ["state", "sort", "limit", "offset", "auth", "worker"];

/** A listed session as it is printed. */
interface PrintedSession {
  cid: number;
  worker: string;
  [attribute: string]: string | number | boolean | null;
}

/** The answer: counts, and the sessions of one page. */
export interface SessionList {
  server_id: string;
  now: string;
  num_connections: number;
  total: number;
  offset: number;
  limit: number;
  /** Workers that did not answer, and whose sessions are missing. */
  missing: string[];
  connections: PrintedSession[];
}

/**
 * Lists sessions.
 *
 * @throws BadRequest when a parameter is not understood.
 */
export async function listSessions(
  parameters: URLSearchParams,
  node: NodeOperations,
): Promise<SessionList> {
  for (const name of parameters.keys()) {
    if (!PARAMETERS.includes(name))
      throw new BadRequest(`Cannot list sessions: unknown parameter "${name}"`);
  }
  const query = queryIn(parameters);
  const only = workerIn(parameters, node);
  const isOne = only !== undefined;
  const { offset, limit } = query;
  if (!isOne && offset + limit > MOST_TOGETHER) {
    throw new BadRequest(
      `Cannot list sessions beyond ${MOST_TOGETHER} of all workers: name one with "worker"`,
    );
  }
  // Of several workers any may have the whole page.
  const asked = isOne ? query : { ...query, offset: 0, limit: offset + limit };
  const replies = await node.ask({ about: "sessions", query: asked }, only);
  const page = pageOf(listed(replies), isOne ? { ...query, offset: 0 } : query);
  const showsAuth = choiceIn(parameters, "auth", ["0", "1", "false", "true"] as const, "0");
  return {
    server_id: node.statistics().node,
    now: new Date().toISOString(),
    num_connections: page.length,
    total: replies.reduce((sum, { answer }) => sum + totalOf(answer), 0),
    offset,
    limit,
    missing: replies.filter(({ answer }) => answer === null).map(({ id }) => id),
    connections: page.map((session) => print(session, showsAuth === "1" || showsAuth === "true")),
  };
}

/** A session with its worker. */
interface WorkerSession extends ListedSession {
  worker: string;
}

function listed(replies: readonly WorkerReply[]): WorkerSession[] {
  return replies.flatMap(({ id, answer }) =>
    answer?.about === "sessions"
      ? answer.page.sessions.map((session) => ({ ...session, worker: id }))
      : [],
  );
}

function totalOf(answer: WorkerReply["answer"]): number {
  return answer?.about === "sessions" ? answer.page.total : 0;
}

function queryIn(parameters: URLSearchParams): SessionQuery {
  const state = choiceIn(parameters, "state", STATES, "open");
  const sort = choiceIn(parameters, "sort", SESSION_SORTS, "cid");
  if (state === "open" && (sort === "stop" || sort === "reason")) {
    throw new BadRequest(`Cannot sort open sessions by "${sort}": they have none`);
  }
  return {
    state,
    sort,
    limit: numberIn(parameters, "limit", MOST_OF_PAGE, DEFAULT_LIMIT),
    offset: numberIn(parameters, "offset", Number.MAX_SAFE_INTEGER, 0),
  };
}

/** The only worker that is asked; undefined: all are. */
function workerIn(parameters: URLSearchParams, node: NodeOperations): string | undefined {
  const worker = parameters.get("worker");
  if (worker === null) return undefined;
  if (node.statistics().workers.some(({ id }) => id === worker)) return worker;
  throw new BadRequest(`Cannot list sessions of worker "${worker}": there is none with this id`);
}

/** One of these words. */
function choiceIn<W extends string>(
  parameters: URLSearchParams,
  name: string,
  words: readonly W[],
  absent: W,
): W {
  const written = parameters.get(name);
  const word = written === null ? absent : words.find((one) => one === written);
  if (word !== undefined) return word;
  throw new BadRequest(`Cannot take ${name} "${written}": expected ${words.join(", ")}`);
}

function numberIn(parameters: URLSearchParams, name: string, most: number, absent: number): number {
  const written = parameters.get(name);
  if (written === null) return absent;
  const value = /^\d{1,16}$/.test(written) ? Number(written) : Number.NaN;
  if (value <= most) return value;
  throw new BadRequest(`Cannot take ${name} "${written}": expected an integer from 0 to ${most}`);
}

function print(session: WorkerSession, showsAuth: boolean): PrintedSession {
  const { cid, worker, startedAt, joinedAt, stoppedAt } = session;
  const time = (at: number | null) => at && new Date(at).toISOString();
  const { peer, transport, serializer, tls, state, realm, authrole, authmethod, backend } = session;
  return {
    cid,
    worker,
    peer,
    transport,
    serializer,
    tls,
    state,
    session: session.session,
    realm,
    ...(showsAuth ? { authid: session.authid } : {}),
    authrole,
    authmethod,
    backend: backend?.connection ?? null,
    ...(backend?.address ? { backend_address: backend.address } : {}),
    start: time(startedAt),
    joined: time(joinedAt),
    uptime_seconds: Math.max(0, Math.round(((stoppedAt ?? Date.now()) - startedAt) / 1000)),
    pending_bytes: session.pendingOctets,
    ...(stoppedAt === null ? {} : { stop: time(stoppedAt), reason: session.reason }),
  };
}
