/**
 * Normalized Web services that pass requests and WebSockets to other servers.
 *
 * @module
 */

import type {
  ConnectingEndpointConfig,
  ConnectingTcpConfig,
} from "#config/endpoint/endpoint-config.ts";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";

/** `type: reverseproxy`. */
export interface ReverseProxyServiceConfig {
  type: "reverseproxy";
  /** The upstream server. */
  upstream: ConnectingTcpConfig;
  /** Put before the rest of a path; empty, or with a slash at its begin and none at its end. */
  path: string;
  /** For X-Forwarded-Port and X-Forwarded-Proto; null: those of the request. */
  forwarded_port: number | null;
  forwarded_proto: "http" | "https" | null;
  options: {
    /** Milliseconds from the end of a request to the head of its answer. */
    response_timeout: number;
    /** Milliseconds in which more of a body has to come. */
    idle_timeout: number;
    /** Most requests at once. */
    max_requests: number;
  };
}

/** `type: websocket-reverseproxy`. */
export interface WebSocketReverseProxyServiceConfig {
  type: "websocket-reverseproxy";
  /** Of the clients' side. */
  options: WebSocketOptions;
  backend: {
    endpoint: ConnectingEndpointConfig;
    /** URL of the request; the connection is made to `endpoint`. */
    url: string;
  };
}
