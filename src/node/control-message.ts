/**
 * The messages between controller and worker, checked by their receiver.
 *
 *     controller                     worker
 *        │  start (config, context)    │
 *        ├────────────────────────────►│
 *        │       ready (urls)          │
 *        │◄────────────────────────────┤   or: failed (sentence), then shutdown
 *        │  renew_certificates         │
 *        ├────────────────────────────►│   at any time, without an answer
 *        │  reopen_log                 │
 *        ├────────────────────────────►│   at any time, without an answer
 *        │  prepare (config)           │
 *        ├────────────────────────────►│   another configuration, of which nothing holds yet
 *        │       prepared (fault)      │
 *        │◄────────────────────────────┤
 *        │  apply                      │
 *        ├────────────────────────────►│   or: abandon, without an answer
 *        │       applied               │
 *        │◄────────────────────────────┤
 *        │  figures, or alive          │
 *        │◄────────────────────────────┤   every two seconds; `alive` says that nothing has happened
 *        │  want_statistics            │
 *        │◄────────────────────────────┤   `once` for each reader; `always` until `no` while there are viewers
 *        │  statistics                 │
 *        ├────────────────────────────►│   those of the whole node
 *        │  question                   │
 *        ├────────────────────────────►│   answer-message.ts has the kinds
 *        │  answer                     │
 *        │◄────────────────────────────┤
 *        │  log_level                  │
 *        ├────────────────────────────►│   at any time, without an answer
 *        │  share_sockets (file)       │
 *        ├────────────────────────────►│   its listening sockets are sent there, for a node that follows
 *        │       sockets_shared (fault)│
 *        │◄────────────────────────────┤
 *        │  leave_sockets              │
 *        ├────────────────────────────►│   that node accepts from them; without an answer
 *        │  take_socket_files          │
 *        ├────────────────────────────►│   the node before does not accept from them any more; without an answer
 *        │  down_marks                 │
 *        ├────────────────────────────►│   all of them, at each change, without an answer
 *        │  shutdown                   │
 *        ├────────────────────────────►│   GOODBYE to the clients, exit code 0
 *
 * @module
 */

import * as v from "valibot";

import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import { LOG_FORMATS, LOG_LEVELS } from "#observe/log-format.ts";
import { workerAnswer, workerQuestion } from "./answer-message.ts";
import { count, nodeStatistics, recentWarnings, workerFigures } from "./statistics-message.ts";
import { NATIVE_WORKER_TYPES } from "./worker-types.ts";

// The controller, the same program, has checked the configuration when it loaded the file: here only
// its type and id are checked.
const workerConfig = v.custom<NativeWorkerConfig>((value) =>
  v.is(v.looseObject({ type: v.picklist(NATIVE_WORKER_TYPES), id: v.string() }), value),
);

const downMarks = v.array(
  v.strictObject({ connection: v.string(), address: v.nullable(v.string()) }),
);

const startContext = v.strictObject({
  /** Release of the program, as the page of the node shows it. */
  release: v.string(),
  nodeId: v.string(),
  /** Folder of the configuration, and the one in which the node was started. */
  folder: v.string(),
  startFolder: v.string(),
  /** For the sockets between the workers; the first worker that needs it makes it. */
  runFolder: v.string(),
  logLevel: v.picklist(LOG_LEVELS),
  logFormat: v.picklist(LOG_FORMATS),
  logOutput: v.strictObject({ color: v.boolean(), file: v.nullable(v.string()) }),
  /** Private key of the node in hex; null for a worker that does not sign with it. */
  nodeKey: v.nullable(v.string()),
  /** Key of the salts for unknown authids, in hex; the same in every worker. */
  decoyKey: v.string(),
  /** Where traces of joins are sent; absent: there are none. */
  traces: v.optional(
    v.strictObject({
      url: v.string(),
      headers: v.record(v.string(), v.string()),
      ratio: v.number(),
    }),
  ),
  /** The backends that an operator has marked down. */
  downMarks,
});

/** A listening socket that the process has inherited. */
const inheritedSocket = v.strictObject({
  /** Id of the transport that accepts from it. */
  transport: v.string(),
  descriptor: count,
  /** Null for a Unix socket. */
  port: v.nullable(count),
  /** Whether the file of a Unix socket is removed at the end, once `take_socket_files` has come. */
  isOwn: v.boolean(),
});

const toWorker = v.variant("kind", [
  v.strictObject({
    kind: v.literal("start"),
    config: workerConfig,
    context: startContext,
    /** Absent: the worker opens all of its sockets. */
    sockets: v.optional(v.array(inheritedSocket)),
  }),
  v.strictObject({ kind: v.literal("renew_certificates") }),
  v.strictObject({ kind: v.literal("reopen_log") }),
  v.strictObject({
    kind: v.literal("prepare"),
    config: workerConfig,
    /** As in `start`. */
    nodeKey: v.nullable(v.string()),
    /** All that can be opened again is. */
    isForced: v.boolean(),
  }),
  v.strictObject({ kind: v.literal("apply") }),
  v.strictObject({ kind: v.literal("abandon") }),
  v.strictObject({ kind: v.literal("statistics"), statistics: nodeStatistics }),
  v.strictObject({ kind: v.literal("question"), id: count, question: workerQuestion }),
  v.strictObject({ kind: v.literal("log_level"), level: v.picklist(LOG_LEVELS) }),
  /** `to`: a socket file in the folder of the node; `worker`: the id of the worker. */
  v.strictObject({ kind: v.literal("share_sockets"), to: v.string(), worker: v.string() }),
  v.strictObject({ kind: v.literal("leave_sockets") }),
  v.strictObject({ kind: v.literal("take_socket_files") }),
  v.strictObject({ kind: v.literal("down_marks"), marks: downMarks }),
  /** Milliseconds over which the sessions end. */
  v.strictObject({ kind: v.literal("shutdown"), drainMs: count }),
]);

const toController = v.variant("kind", [
  v.strictObject({ kind: v.literal("ready"), urls: v.array(v.string()) }),
  /** `fault`: a sentence; null: there is none. */
  v.strictObject({ kind: v.literal("prepared"), fault: v.nullable(v.string()) }),
  v.strictObject({ kind: v.literal("applied") }),
  v.strictObject({ kind: v.literal("sockets_shared"), fault: v.nullable(v.string()) }),
  v.strictObject({
    kind: v.literal("figures"),
    figures: workerFigures,
    warnings: recentWarnings,
    warningCount: count,
  }),
  v.strictObject({ kind: v.literal("alive") }),
  v.strictObject({ kind: v.literal("answer"), id: count, answer: workerAnswer }),
  v.strictObject({
    kind: v.literal("want_statistics"),
    wanted: v.picklist(["once", "always", "no"]),
  }),
  v.strictObject({
    kind: v.literal("failed"),
    sentence: v.string(),
    source: v.picklist(["client", "router", "config", "internal"]),
  }),
]);

/** What a worker needs to know of its node. */
export type StartContext = v.InferOutput<typeof startContext>;

/** A message of the controller. */
export type MessageToWorker = v.InferOutput<typeof toWorker>;

/** A message of a worker. */
export type MessageToController = v.InferOutput<typeof toController>;

/** The controller's message; undefined: the value is none. */
export function parseMessageToWorker(value: unknown): MessageToWorker | undefined {
  const result = v.safeParse(toWorker, value);
  return result.success ? result.output : undefined;
}

/** The worker's message; undefined: the value is none. */
export function parseMessageToController(value: unknown): MessageToController | undefined {
  const result = v.safeParse(toController, value);
  return result.success ? result.output : undefined;
}
