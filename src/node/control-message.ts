/**
 * What controller and worker say to each other, checked by whoever receives it.
 *
 *     controller                     worker
 *        │  start (config, context)    │
 *        ├────────────────────────────►│
 *        │       ready (urls)          │
 *        │◄────────────────────────────┤   or: failed (sentence), then shutdown
 *        │  renew_certificates         │
 *        ├────────────────────────────►│   at any time, nothing is answered
 *        │  shutdown                   │
 *        ├────────────────────────────►│   GOODBYE to the clients, exit code 0
 *
 * @module
 */

import * as v from "valibot";

import type { WorkerConfig } from "#config/node-config.ts";
import { LOG_FORMATS, LOG_LEVELS } from "#observe/log-format.ts";

// The configuration was checked when the file was loaded, and comes from the same program: here
// only what decides which program part it is for is looked at.
const workerConfig = v.custom<WorkerConfig>((value) =>
  v.is(
    v.looseObject({ type: v.picklist(["proxy", "router", "websocket-testee"]), id: v.string() }),
    value,
  ),
);

const startContext = v.strictObject({
  /** Release of the program, as the info page shows it. */
  release: v.string(),
  nodeId: v.string(),
  /** Number of workers of the node. */
  workers: v.number(),
  logLevel: v.picklist(LOG_LEVELS),
  logFormat: v.picklist(LOG_FORMATS),
  /** Private key of the node in hex; null for a worker that does not prove itself with it. */
  nodeKey: v.nullable(v.string()),
  /** Of which salts for unknown authids are made, in hex; the same in every worker. */
  decoyKey: v.string(),
});

const toWorker = v.variant("kind", [
  v.strictObject({ kind: v.literal("start"), config: workerConfig, context: startContext }),
  v.strictObject({ kind: v.literal("renew_certificates") }),
  v.strictObject({ kind: v.literal("shutdown") }),
]);

const toController = v.variant("kind", [
  v.strictObject({ kind: v.literal("ready"), urls: v.array(v.string()) }),
  v.strictObject({
    kind: v.literal("failed"),
    sentence: v.string(),
    source: v.picklist(["client", "router", "config", "internal"]),
  }),
]);

/** What a worker is told of the node it belongs to. */
export type StartContext = v.InferOutput<typeof startContext>;

/** What the controller says. */
export type MessageToWorker = v.InferOutput<typeof toWorker>;

/** What a worker says. */
export type MessageToController = v.InferOutput<typeof toController>;

/** The controller's message, or undefined when it is none. */
export function parseMessageToWorker(value: unknown): MessageToWorker | undefined {
  const result = v.safeParse(toWorker, value);
  return result.success ? result.output : undefined;
}

/** The worker's message, or undefined when it is none. */
export function parseMessageToController(value: unknown): MessageToController | undefined {
  const result = v.safeParse(toController, value);
  return result.success ? result.output : undefined;
}
