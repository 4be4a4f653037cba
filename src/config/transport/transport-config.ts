/**
 * Normalized listening transports.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { MqttServiceConfig } from "#config/mqtt/mqtt-config.ts";
import type { TransportLimits } from "#config/options/limits-config.ts";
import type { RawSocketOptions } from "#config/options/rawsocket-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type {
  WebServiceConfig,
  WebSocketServiceConfig,
} from "#config/web-service/web-service-config.ts";
import type { WebSocketTesteeTransportConfig } from "./testee-config.ts";

/** A listening transport. */
export type TransportConfig =
  | WebTransportConfig
  | WebSocketTransportConfig
  | RawSocketTransportConfig
  | MqttTransportConfig
  | UniversalTransportConfig
  | WebSocketTesteeTransportConfig;

/** The options of Web services. */
export interface WebOptions {
  /** Seconds in Strict-Transport-Security; absent: no such header. */
  hsts_max_age?: number;
  /** Every request is logged. */
  access_log?: true;
}

/** `type: web`: Web services and WAMP over WebSocket by path. */
export interface WebTransportConfig extends WebOptions {
  type: "web";
  id: string;
  endpoint: ListeningEndpointConfig;
  /** First path component (`"/"` for the root) -> service. */
  paths: Record<string, WebServiceConfig>;
  limits?: TransportLimits;
  /** Addresses, CIDRs or `unix` of HTTP proxies that are trusted to name the address of a client. */
  trusted_proxies?: string[];
}

/** `type: websocket`: WAMP over WebSocket only, at every path. */
export interface WebSocketTransportConfig extends WebSocketServiceConfig {
  id: string;
  endpoint: ListeningEndpointConfig;
  limits?: TransportLimits;
  /** Addresses, CIDRs or `unix` of HTTP proxies that are trusted to name the address of a client. */
  trusted_proxies?: string[];
}

/** `type: rawsocket`. */
export interface RawSocketTransportConfig extends SessionConfig {
  type: "rawsocket";
  id: string;
  endpoint: ListeningEndpointConfig;
  limits?: TransportLimits;
  options: RawSocketOptions;
}

/** `type: mqtt`. */
export interface MqttTransportConfig extends MqttServiceConfig {
  type: "mqtt";
  id: string;
  endpoint: ListeningEndpointConfig;
  limits?: TransportLimits;
}

/** `type: universal`: RawSocket, MQTT, and HTTP and WebSocket by path, on one endpoint. */
export interface UniversalTransportConfig extends WebOptions {
  type: "universal";
  id: string;
  endpoint: ListeningEndpointConfig;
  /** Null: no RawSocket. */
  rawsocket: (SessionConfig & { options: RawSocketOptions }) | null;
  /** Absent: no MQTT. */
  mqtt?: MqttServiceConfig;
  /** Web services and WebSockets; null: no HTTP. */
  paths: Record<string, WebServiceConfig> | null;
  limits?: TransportLimits;
  /** As on a Web transport. */
  trusted_proxies?: string[];
}
