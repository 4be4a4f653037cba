/**
 * Normalized options of the sessions of clients, whatever their transport is.
 *
 * @module
 */

import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** The sessions of a WebSocket path or a RawSocket transport. */
export interface SessionConfig {
  /** Serializers that clients may choose from; with none no client can join. */
  serializers: SerializerName[];
  /** The authmethods; `passthrough`: the router behind a proxy authenticates. */
  auth: AuthConfig | "passthrough";
  /** Proxy only. The one connection for every realm and role; null: the worker's routes decide. */
  backend: string | null;
  options: BufferOptions & SessionEndOptions & Partial<IncompleteMessageOptions>;
  /** Undefined: no limits. */
  joining?: JoiningConfig;
}

/** Limits of joining; times are milliseconds. */
export interface JoiningConfig {
  /** From the connection, or the last GOODBYE, to HELLO. */
  hello_timeout: number;
  /** From HELLO to WELCOME. */
  join_timeout: number;
  /** From CHALLENGE to AUTHENTICATE. */
  authenticate_timeout: number;
  /** Failed attempts of one address; 0: any number. */
  max_auth_failures_per_minute: number;
}

/** How the sessions of clients end. */
export interface SessionEndOptions {
  /**
   * Proxy only. Ends after which the connection is closed without GOODBYE or ABORT. Absent: all of them for
   * clients that are known to reconnect only then, none for others.
   */
  told_by_close?: readonly CloseOnlyEnd[];
  /** Milliseconds after which the client is to connect again, more or less; absent: any time. */
  max_connection_age?: number;
}

/** An end that a client may learn from the close alone, without GOODBYE or ABORT; it covers a router outage. */
export type CloseOnlyEnd = "router_lost" | "shutdown";

/** Limits of the octets that wait for one side of a session. */
export interface BufferOptions {
  /** Octets from which a side counts as behind. */
  max_buffered: number;
  /** Milliseconds that a side may be behind; 0: unlimited. */
  stall_timeout: number;
  /** Octets that may wait for all clients of a worker when more has to wait for one of this transport. */
  max_outgoing: number;
}

/** Limits of messages that have begun to arrive. */
export interface IncompleteMessageOptions {
  /** Milliseconds in which a message must be complete; 0: unlimited. */
  message_timeout: number;
  /** Octets that all incomplete messages of a worker may hold when one of this transport grows. */
  max_incomplete: number;
}

/** Pings to clients. Times are milliseconds. */
export interface KeepaliveOptions {
  /** Time without a sign of life after which a client is pinged; 0: never. */
  auto_ping_interval: number;
  /** Time to answer a ping; 0: unlimited. */
  auto_ping_timeout: number;
  /** Octets of a ping's payload. */
  auto_ping_size: number;
  /** Whether any traffic of a client is a sign of life, or only its answer to a ping. */
  auto_ping_restart_on_any_traffic: boolean;
}
