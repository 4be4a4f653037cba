/**
 * Normalized options of MQTT clients, of a transport or of a WebSocket.
 *
 * @module
 */

import type {
  BufferOptions,
  IncompleteMessageOptions,
  SessionConfig,
  SessionEndOptions,
} from "#config/options/session-config.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** What MQTT clients join, and what becomes of their payloads. */
export interface MqttServiceConfig extends SessionConfig {
  realm: string;
  /** By the begins of WAMP topics, longest first; a topic that none begins passes as it is. */
  payloadMapping: readonly PayloadRule[];
  options: MqttOptions;
}

/** What becomes of the payloads of topics that begin with a text. */
export interface PayloadRule {
  prefix: string;
  format: PayloadFormat;
}

/** How payloads of MQTT and arguments of WAMP are made of each other. */
export type PayloadFormat =
  /** Octets pass as they are. */
  | { type: "passthrough" }
  /** A payload is a serialized map with `args`, `kwargs` and so on. */
  | { type: "native"; serializer: SerializerName }
  /** Procedures make one of the other. */
  | { type: "dynamic"; encoder: string; decoder: string; realm: string; role: string | null }
  /** Nothing is published, and nothing delivered. */
  | { type: "unavailable" };

/** Options of MQTT clients. Times are milliseconds, sizes octets. */
export interface MqttOptions extends BufferOptions, IncompleteMessageOptions, SessionEndOptions {
  /** Longest packet that is taken from a client. */
  max_message_size: number;
  /** Publications that may wait for their acknowledgements, in either direction. */
  max_inflight: number;
  /** Longest time for which the session of a client that is away is kept; 0: none is. */
  session_expiry: number;
  /** Sessions of clients that are away, which a worker keeps. */
  max_kept_sessions: number;
  /** What a client that is away may miss before its session is given up. */
  max_queued_messages: number;
  max_queued_octets: number;
}
