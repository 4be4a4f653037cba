/**
 * What a Web service is: something at a path that answers requests.
 *
 * @module
 */

import type { WebSocketPathConfig } from "#transport/websocket/websocket-acceptor.ts";
import type { HttpBridge } from "./bridge/http-bridge.ts";

/** Answers the requests below the path at which it is mounted. */
export interface WebService {
  /**
   * Answers one request.
   *
   * `rest` is what follows the mount in the decoded path, without the slash between: `""` for the
   * mount itself (look at the request's URL to tell `/files` from `/files/`), `"a/b.js"`, `"a/"`.
   */
  handle(request: Request, rest: string): Response | Promise<Response>;
  /** Set where requests may become WebSockets: how. */
  readonly webSocket?: WebSocketPathConfig;
  /** Set where requests become calls or publications. */
  readonly bridge?: HttpBridge;
  /** Stops what the service does in the background, if it does anything there. */
  close?(): void;
}
