/**
 * The normalized transport of a testee.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";

/** `type: websocket.testee`: sends every message back as it came; no WAMP, no subprotocol. */
export interface WebSocketTesteeTransportConfig {
  type: "websocket.testee";
  id: string;
  endpoint: ListeningEndpointConfig;
  options: WebSocketOptions;
}
