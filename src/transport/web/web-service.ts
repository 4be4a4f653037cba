/**
 * What a Web service is: something at a path that answers requests.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";

/** Answers the requests below the path at which it is mounted. */
export interface WebService {
  /**
   * Answers one request.
   *
   * `rest` is what follows the mount in the decoded path, without the slash between: `""` for the
   * mount itself (look at the request's URL to tell `/files` from `/files/`), `"a/b.js"`, `"a/"`.
   */
  handle(request: Request, rest: string): Response | Promise<Response>;
  /** Stops what the service does in the background, if it does anything there. */
  close?(): void;
}

/** What services are given besides their configuration. */
export interface WebContext {
  log: Logger;
  /** The process as it is now. */
  nodeInfo: () => NodeInfo;
}

/** What the info page tells of the node. */
export interface NodeInfo {
  release: string;
  /** Version of Bun. */
  bun: string;
  nodeId: string;
  workerId: string;
  workerType: string;
  pid: number;
  /** When the worker started, as an ISO 8601 time. */
  startedAt: string;
  /** Number of workers of the node. */
  workers: number;
}
