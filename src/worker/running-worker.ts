/**
 * What the worker process gives to a kind of worker, and what it gets back from it.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import type { NodeInfo } from "#transport/listener.ts";

/** What every kind of worker gets besides its configuration. */
export interface WorkerContext {
  log: Logger;
  /** Facts of the node, for the info page. */
  nodeInfo: NodeInfo;
  /** Private key of the node in hex; absent for a worker that does not sign with it. */
  nodeKey?: string | null;
}

/** A worker whose transports all listen. */
export interface RunningWorker {
  /** Where it listens, for display: `http://127.0.0.1:8080/`, `unix:/run/router.sock`. */
  urls: string[];
  /** Number of open client sessions. */
  sessions(): number;
  /** Reads all certificates again; open sessions continue. */
  renewCertificates(): void;
  /** Sends GOODBYE to every client, closes the listeners and removes their socket files. */
  shutdown(): Promise<void>;
}
