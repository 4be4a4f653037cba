/**
 * The normalized configuration of a node, which the rest of the program receives.
 *
 * `load.ts` makes it from node.json, and workers receive it as plain JSON values. Attributes of node.json
 * keep their spelling (snake_case). Every default is filled in; file names are absolute. The same holds for all
 * files named `*-config.ts`, one for each kind of item.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { WorkerConfig } from "./worker-config.ts";

/** A whole node. */
export interface NodeConfig {
  /** The configuration file, an absolute name. */
  file: string;
  /** The folder to which file names in node.json are relative. */
  folder: string;
  controller: ControllerConfig;
  workers: WorkerConfig[];
}

/** The process that starts the workers. */
export interface ControllerConfig {
  id: string;
  /** The name of its process; absent: that of the program. */
  title?: string;
  /** When the end of a worker ends the node; empty: never, and workers are restarted. */
  shutdown: NodeShutdownTrigger[];
  /** Whether all workers start at once. */
  enable_parallel_worker_start: boolean;
  /** Seconds after which a worker that does not answer is killed; 0: never. */
  watchdog: number;
  /** Milliseconds from the signal to stop until no connection is accepted any more. */
  shutdownDelayMs: number;
  /** Milliseconds over which a worker ends its sessions; 0: all at once. */
  lameDuckMs: number;
  /** Undefined: there is no admin endpoint. */
  admin?: AdminConfig;
  /** Undefined: there are no traces. */
  traces?: TracesConfig;
}

/** Where traces of joins are sent. */
export interface TracesConfig {
  url: string;
  /** Of each request; their values may be secrets. */
  headers: Record<string, string>;
  /** Of which part of the joins there are traces, from 0 to 1. */
  ratio: number;
}

/** The endpoint for health, metrics, lists of sessions and the log level. */
export interface AdminConfig {
  endpoint: ListeningEndpointConfig;
  /** Null: none is asked for. */
  token: string | null;
  routers: ReadyRouters;
}

/** Which routers of each route have to be reachable for the node to be ready. */
export type ReadyRouters = "any" | "each" | "none";

/** Crossbar's triggers; `shutdown_on_shutdown_requested` has no effect beside the others. */
export type NodeShutdownTrigger =
  | "shutdown_on_shutdown_requested"
  | "shutdown_on_worker_exit"
  | "shutdown_on_worker_exit_with_error"
  | "shutdown_on_last_worker_exit";
