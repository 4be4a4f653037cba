/**
 * The normalized Web service that sends events.
 *
 * @module
 */

import type { PathRoleConfig } from "./path-auth-config.ts";

/** `type: sse`: events of topics as Server-Sent Events. */
export type EventStreamServiceConfig = EventStreamConfig & PathRoleConfig;

interface EventStreamConfig {
  type: "sse";
  realm: string;
  /** What every listener gets; null: each listener names its topics. */
  topics: { topic: string; match: "exact" | "prefix" | "wildcard" }[] | null;
  options: {
    /** With `secret`: every request must be signed. Either both are null or neither is. */
    key: string | null;
    secret: string | null;
    require_tls: boolean;
    /** Addresses and CIDRs; null: any. */
    require_ip: string[] | null;
    /** Seconds; 0: none. */
    timestamp_delta_limit: number;
    allowed_origins: string[];
    /** Milliseconds between two comments that keep a connection open. */
    heartbeat_interval: number;
    /** Milliseconds after which an EventSource is to connect again. */
    retry: number;
    max_listeners: number;
    /** Octets that may wait for one listener. */
    max_buffered: number;
    /** Milliseconds in which a listener has to take something; 0: any time. */
    stall_timeout: number;
    /** Octets that may wait for all clients of a worker. */
    max_outgoing: number;
  };
}
