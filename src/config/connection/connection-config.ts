/**
 * Normalized connections of a proxy to its routers.
 *
 * @module
 */

import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** How a proxy authenticates to a router. */
export type ConnectionAuth = "anonymous-proxy" | "cryptosign-proxy";

/** A connection to a router. */
export interface ConnectionConfig {
  id: string;
  transport: ConnectingTransportConfig;
  /**
   * How the proxy authenticates to the router, which then trusts what it says of its clients; null: it cannot, so that
   * only clients that the router itself authenticates join over this connection.
   */
  auth: ConnectionAuth | null;
  /** Undefined: the router is not checked, as there is no other to use instead. */
  health_check?: HealthCheckConfig;
  /** Set where the host of the endpoint is a name, which may have several addresses, each of them a router. */
  dns?: DnsConfig;
  /** Set: the sessions of a router that goes down are ended; absent: they stay. */
  on_down?: "close";
}

/** How the name of a host is followed. */
export interface DnsConfig {
  /** Milliseconds after which it is resolved again, more or less. */
  refresh: number;
  /** For each of several addresses. */
  health_check: HealthCheckConfig;
}

/** Rules by which a router counts as down or up. */
export interface HealthCheckConfig {
  /** Milliseconds between two checks. */
  interval: number;
  /** Successes in a row after which it is up. */
  rise: number;
  /** Failures in a row after which it is down. */
  fall: number;
  /** Whether a router that is up is checked too. */
  while_up: boolean;
}

/** How the connections of one route share its sessions. */
export interface BalancingConfig {
  policy: "round_robin" | "least_sessions";
  /** Milliseconds after which a router that is up again gets its full share; 0: at once. */
  slow_start: number;
}

/** A connecting transport. */
export type ConnectingTransportConfig = ConnectingWebSocketConfig | ConnectingRawSocketConfig;

/** WAMP over WebSocket to a router. */
export interface ConnectingWebSocketConfig {
  type: "websocket";
  endpoint: ConnectingEndpointConfig;
  /** `ws://host:port/path` or `wss://`: host and path of the HTTP request. */
  url: string;
  /** In order of preference, never empty. */
  serializers: SerializerName[];
}

/** WAMP over RawSocket to a router. */
export interface ConnectingRawSocketConfig {
  type: "rawsocket";
  endpoint: ConnectingEndpointConfig;
  serializer: SerializerName;
  /** The longest message that is accepted, in octets, as announced in the handshake. */
  max_message_size: number;
}
