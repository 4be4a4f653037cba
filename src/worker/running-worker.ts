/**
 * What the worker process hands to a kind of worker, and what it gets back once that listens.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import type { NodeInfo } from "#transport/listener.ts";

/** What every kind of worker is given beside its configuration. */
export interface WorkerContext {
  log: Logger;
  /** Facts of the node, for the info page. */
  nodeInfo: NodeInfo;
  /** Private key of the node in hex; absent where nothing is proved with it. */
  nodeKey?: string | null;
}

/** A worker that listens. */
export interface RunningWorker {
  /** What it listens on, for people: `http://127.0.0.1:8080/`, `unix:/run/router.sock`. */
  urls: string[];
  /** How many client sessions are open now. */
  sessions(): number;
  /** Reads all certificates again; open sessions stay. */
  renewCertificates(): void;
  /** Says GOODBYE to every client, closes the listeners and removes their socket files. */
  shutdown(): Promise<void>;
}
