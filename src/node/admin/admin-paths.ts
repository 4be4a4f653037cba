/**
 * The paths of the admin endpoint, and what each of them answers.
 *
 * @module
 */

import type { WorkerMetrics } from "#node/answer-message.ts";
import { printBackend } from "#node/backend-marks.ts";
import { LOG_LEVELS } from "#observe/log-format.ts";
import { earliestCertificates } from "#observe/served-certificates.ts";
import { BadRequest, jsonAnswer, textAnswer, typedAnswer } from "./admin-answer.ts";
import type { NodeReading } from "./metrics-table.ts";
import type { NodeCommands, NodeOperations } from "./node-operations.ts";
import type { Readiness } from "./readiness.ts";
import { listSessions } from "./session-list.ts";

/** What the paths answer about. */
export interface AdminContext {
  node: NodeOperations;
  commands: NodeCommands;
  readiness: Readiness;
}

/** Answers a request. */
type Handler = (request: AdminRequest, context: AdminContext) => Response | Promise<Response>;

/** What handlers need of a request. */
export interface AdminRequest {
  headers: Headers;
  parameters: URLSearchParams;
}

/** One path. */
export interface AdminPath {
  /** Reads answer to GET and HEAD. */
  GET?: Handler;
  /** Changes answer to POST. */
  POST?: Handler;
  /** Set where no token is asked for: health checks cannot send one, and nothing about clients is told. */
  isOpen?: true;
}

const alive: AdminPath = { isOpen: true, GET: () => textAnswer(200, "ok") };
const ready: AdminPath = { isOpen: true, GET: answerReadiness };

/** The paths; some have two names, because platforms ask for different ones. */
export const ADMIN_PATHS: ReadonlyMap<string, AdminPath> = new Map([
  ["/healthz", alive],
  ["/live", alive],
  ["/readyz", ready],
  ["/ready", ready],
  ["/metrics", { GET: answerMetrics }],
  ["/connz", { GET: answerSessions }],
  ["/figures", { GET: answerFigures }],
  ["/loglevel", { GET: answerLogLevel, POST: changeLogLevel }],
  ["/reload", { POST: reload }],
  ["/drain", { POST: drain }],
  ["/backends", { GET: answerBackends, POST: markBackend }],
]);

async function answerReadiness(_request: AdminRequest, context: AdminContext): Promise<Response> {
  const lacks = await context.readiness.lacks();
  const isReady = lacks.length === 0;
  const marked_down = context.node.downMarks.map(printBackend);
  return jsonAnswer({ ready: isReady, lacks, marked_down }, isReady ? 200 : 503);
}

async function answerMetrics({ headers }: AdminRequest, context: AdminContext): Promise<Response> {
  // Loaded here, because most nodes have no use for it.
  const { printMetrics } = await import("./metrics-text.ts");
  const isOpenMetrics = headers.get("accept")?.includes("application/openmetrics-text") ?? false;
  const reading = await readNode(context);
  const { contentType, text } = await printMetrics(
    reading,
    isOpenMetrics ? "openmetrics" : "prometheus",
  );
  return typedAnswer(contentType, text);
}

async function readNode({ node }: AdminContext): Promise<NodeReading> {
  const replies = await node.ask({ about: "metrics" });
  const workers = new Map<string, WorkerMetrics>();
  for (const { id, answer } of replies) {
    if (answer?.about === "metrics") workers.set(id, answer.metrics);
  }
  const certificates = earliestCertificates();
  return { statistics: node.statistics(), workers, lastReload: node.lastReload, certificates };
}

async function answerSessions(
  { parameters }: AdminRequest,
  { node }: AdminContext,
): Promise<Response> {
  return jsonAnswer(await listSessions(parameters, node));
}

/** Those of the page of a node. */
function answerFigures(_request: AdminRequest, { node }: AdminContext): Response {
  return jsonAnswer(node.statistics());
}

function answerLogLevel(_request: AdminRequest, { node }: AdminContext): Response {
  return jsonAnswer({ level: node.logLevel });
}

function changeLogLevel({ parameters }: AdminRequest, { node }: AdminContext): Response {
  const written = parameters.get("level");
  const level = LOG_LEVELS.find((one) => one === written);
  if (level === undefined) {
    throw new BadRequest(
      `Cannot set the log level to "${written ?? ""}": expected ${LOG_LEVELS.join(", ")}`,
    );
  }
  node.setLogLevel(level);
  return jsonAnswer({ level });
}

/** As `crossproxy reload`, with its text. */
async function reload({ parameters }: AdminRequest, { commands }: AdminContext): Promise<Response> {
  const force = parameters.get("force") ?? "false";
  if (force !== "true" && force !== "false") {
    throw new BadRequest(`Cannot reload with force "${force}": expected true or false`);
  }
  const { isDone, text } = await commands.reload(force === "true");
  return textAnswer(isDone ? 200 : 422, text);
}

/** The routers of each proxy. */
async function answerBackends(_request: AdminRequest, { node }: AdminContext): Promise<Response> {
  const replies = await node.ask({ about: "backends" });
  const backends = replies.flatMap(({ id, answer }) => {
    if (answer?.about !== "backends") return [];
    return answer.backends.map(({ isMarkedDown, ...facts }) => ({
      worker: id,
      ...facts,
      marked_down: isMarkedDown,
    }));
  });
  const missing = replies.filter(({ answer }) => answer === null).map(({ id }) => id);
  return jsonAnswer({ missing, backends });
}

/** As `crossproxy backend`, with its text. */
async function markBackend(
  { parameters }: AdminRequest,
  { node }: AdminContext,
): Promise<Response> {
  const state = parameters.get("state");
  if (state !== "down" && state !== "up") {
    throw new BadRequest(`Cannot mark a backend "${state ?? ""}": expected down, up`);
  }
  const connection = parameters.get("connection");
  if (connection === null) throw new BadRequest("Cannot mark a backend: expected a connection");
  const backend = { connection, address: parameters.get("address") };
  const { isDone, text } = await node.markBackend(backend, state === "down");
  return textAnswer(isDone ? 200 : 422, text);
}

/** As SIGUSR2. */
function drain(_request: AdminRequest, { commands }: AdminContext): Response {
  commands.drain();
  return textAnswer(202, "the node lets its clients go, and ends");
}
