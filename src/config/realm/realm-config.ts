/**
 * Normalized realms with their roles and permissions.
 *
 * @module
 */

import type { ClusterConfig } from "./cluster-config.ts";

/** A realm of a router worker. */
export interface RealmConfig {
  name: string;
  roles: RoleConfig[];
  /** Absent: the defaults. */
  options?: RealmOptions;
  /** Topics whose events are kept; absent: none. */
  history?: HistoryConfig[];
  /** Absent: no other worker has the realm. */
  cluster?: ClusterConfig;
  /** Procedures whose calls wait for a callee that is free; absent: none. */
  queues?: QueueConfig[];
  /** When the counts of sessions are published; absent: never. */
  stats?: StatsConfig;
  /** Of the realm `*` alone: most realms that are made of it. */
  max_realms?: number;
}

/** Options of a realm. */
export interface RealmOptions {
  enable_meta_api: boolean;
  /** Milliseconds; 0: any time. */
  default_call_timeout: number;
  /** Milliseconds; 0: any time. */
  max_call_timeout: number;
  /** Most subscribers that are sent an event in one turn. */
  event_dispatching_chunk_size: number;
  /** Rules for the URIs of requests. */
  uri_check: "loose" | "strict";
}

/** A procedure, or a pattern, whose calls wait for a callee that is free. */
export interface QueueConfig {
  uri: string;
  match: "exact" | "prefix" | "wildcard";
  /** Most calls that wait for one registration. */
  limit: number;
}

/** When the counts of the messages of a session are published. */
export interface StatsConfig {
  /** Octets. */
  rated_message_size: number;
  /** Messages of that size; 0: any number. */
  trigger_after_rated_messages: number;
  /** Nanoseconds; 0: any time. */
  trigger_after_duration: number;
  trigger_on_join: boolean;
  trigger_on_leave: boolean;
}

/** A topic, or a pattern, whose events are kept. */
export interface HistoryConfig {
  uri: string;
  match: "exact" | "prefix" | "wildcard";
  /** Most events. */
  limit: number;
}

/** A role of a realm. */
export interface RoleConfig {
  name: string;
  permissions: PermissionConfig[];
  /** Present: it decides, and there are no permissions. */
  authorizer?: AuthorizerConfig;
}

/** A procedure that decides which actions a role may perform. */
export interface AuthorizerConfig {
  /** URI of the procedure. */
  authorizer: string;
  /** Milliseconds until a request is refused because there is no answer. */
  "authorizer-timeout": number;
  /** Absent: decisions are kept as in Crossbar. */
  "authorizer-cache"?: DecisionCacheConfig;
}

/** How the decisions of an authorizer are kept for which it says `cache`. */
export interface DecisionCacheConfig {
  /** Seconds; absent: any time. */
  ttl?: number;
  /** Whether a decision holds for every session with the role, or for the one that was asked about. */
  scope: "role" | "session";
  /** Whether denials are kept. */
  denials: boolean;
  /** Most decisions. */
  limit: number;
}

/** Actions that a role may take on matching URIs. */
export interface PermissionConfig {
  uri: string;
  match: "exact" | "prefix" | "wildcard";
  allow: { call: boolean; register: boolean; publish: boolean; subscribe: boolean };
  disclose: { caller: boolean; publisher: boolean };
}
