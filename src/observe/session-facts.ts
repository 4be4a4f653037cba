/**
 * What is known of one connection of a client and its session, for lists of sessions.
 *
 * @module
 */

import type { BackendName } from "./backend-facts.ts";

/** Why a session ended. */
export const SESSION_ENDS = [
  "client_left",
  "client_lost",
  "ping_timeout",
  "slow_consumer",
  "authentication_timeout",
  "authentication_failed",
  "not_authorized",
  "no_such_realm",
  "no_such_role",
  "refused",
  "protocol_violation",
  "message_too_big",
  "message_timeout",
  "overloaded",
  "kicked",
  "router_lost",
  "router_stalled",
  "router_failed",
  "shutdown",
  "connection_age",
  "token_expired",
  "internal_error",
] as const;

/** One of these reasons. */
export type SessionEnd = (typeof SESSION_ENDS)[number];

/** One connection of a client; of one that has joined several times, its last session. */
export interface SessionFacts {
  /** In Crossbar's notation: `tcp4:192.0.2.7:49816`. */
  peer: string;
  transport: string;
  serializer: string;
  tls: boolean;
  state: "joined" | "not joined" | "closed";
  /** Null: it has never joined, or the router has not said it. */
  session: number | null;
  realm: string | null;
  authid: string | null;
  authrole: string | null;
  authmethod: string | null;
  /** Unix times in milliseconds. */
  startedAt: number;
  joinedAt: number | null;
  stoppedAt: number | null;
  /** Null: it has not ended, or its client has never said HELLO. */
  reason: SessionEnd | null;
  /** The router of a client of a proxy; null: it has never joined, or the worker is a router. */
  backend: BackendName | null;
  /** Octets that the client has not read yet. */
  pendingOctets: number;
}

/** The same with the number of the connection in its worker, in the order in which they were opened. */
export interface ListedSession extends SessionFacts {
  cid: number;
}

/** What lists can be sorted by. */
export const SESSION_SORTS = ["cid", "start", "uptime", "pending", "stop", "reason"] as const;

/** Which sessions are asked for. */
export interface SessionQuery {
  state: "open" | "closed" | "all";
  sort: (typeof SESSION_SORTS)[number];
  offset: number;
  limit: number;
}

/** Sessions of one worker. */
export interface SessionPage {
  /** How many there are without offset and limit. */
  total: number;
  sessions: ListedSession[];
}

/** The sessions that a query asks for, in its order. */
export function pageOf<S extends ListedSession>(
  sessions: Iterable<S>,
  { sort, offset, limit }: SessionQuery,
): S[] {
  return [...sessions].sort(ORDERS[sort]).slice(offset, offset + limit);
}

type Order = (one: ListedSession, other: ListedSession) => number;

/** Numbers and starts rise, all others fall; reasons are in the order of the alphabet. */
const ORDERS: Record<SessionQuery["sort"], Order> = {
  cid: (one, other) => one.cid - other.cid,
  start: (one, other) => one.startedAt - other.startedAt,
  uptime: (one, other) => uptimeOf(other) - uptimeOf(one),
  pending: (one, other) => other.pendingOctets - one.pendingOctets,
  stop: (one, other) => (other.stoppedAt ?? 0) - (one.stoppedAt ?? 0),
  reason: (one, other) => (one.reason ?? "").localeCompare(other.reason ?? ""),
};

/** Milliseconds. */
function uptimeOf({ startedAt, stoppedAt }: SessionFacts): number {
  return (stoppedAt ?? Date.now()) - startedAt;
}
