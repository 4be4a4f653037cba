/**
 * WebService: answers the requests at one path of a transport.
 *
 * @module
 */

import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { RequestHandler } from "#transport/http/http-exchange.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import type { WebSocketPathConfig } from "#transport/websocket/websocket-acceptor.ts";
import type { StreamingService } from "./streaming-service.ts";

/** The service mounted at one path. */
export interface WebService {
  /**
   * Answers one request.
   *
   * `subpath` is the decoded path below the mount, without the slash between: `"a/b.js"`, `"a/"`, and `""`
   * for the mount itself, be it `/files` or `/files/`; the URL tells them apart. The body of an answer is not
   * sent for HEAD.
   */
  handle(request: ClientRequest, subpath: string): HttpAnswer | Promise<HttpAnswer>;
  /** Set where all methods but GET, HEAD and OPTIONS are answered with 405. */
  readonly isReadOnly?: true;
  /** Set where pages of any origin may read the answers. */
  readonly isCrossOrigin?: boolean;
  /** Set where requests may become WebSockets. */
  readonly webSocket?: WebSocketPathConfig;
  /** Set where requests become calls or publications. */
  readonly bridge?: RequestHandler;
  /** Set where requests are answered as they come, or answers sent as they are made. */
  readonly streaming?: StreamingService;
  /** Whether a request or a session of a client would end with the service. Absent: none outlasts its answer. */
  readonly isInUse?: () => boolean;
  /** Stops background work of the service. */
  close?(): void;
}
