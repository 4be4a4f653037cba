/**
 * RegistrationRecord: a registration in the table, with the callees of all workers in the order in which they registered.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { ClientFeatures } from "#router/client-features.ts";
import type { InvokePolicy } from "#router/message-options.ts";
import type { MatchPolicy } from "#router/uri-match.ts";

/** A callee of any worker. */
export interface CalleeRecord {
  readonly member: string;
  readonly session: number;
  readonly authrole: string;
  readonly features: ClientFeatures;
  /** Absent: any number. */
  readonly concurrency?: number;
  readonly handlesTimeout: boolean;
}

/** A pattern that is registered. */
export interface RegistrationRecord {
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvokePolicy;
  /** Milliseconds of the epoch. */
  readonly created: number;
  readonly callees: readonly CalleeRecord[];
  /** The sessions that lost the registration to one that forced it. */
  readonly revoked?: readonly number[];
}

/** A value of the table; undefined: it is no registration. */
export function readRecord(value: unknown): RegistrationRecord | undefined {
  if (!isRecord(value) || !Array.isArray(value["callees"])) return undefined;
  return typeof value["uri"] === "string" ? (value as unknown as RegistrationRecord) : undefined;
}
