/**
 * RegistrationRecord: a registration in the table, with the callees of all workers in the order in which they registered.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { ClientFeatures } from "#router/client-features.ts";
import { INVOKE_POLICIES, type InvokePolicy } from "#router/message-options.ts";
import type { MatchPolicy } from "#router/uri-match.ts";

const MATCHES: ReadonlySet<unknown> = new Set<MatchPolicy>(["exact", "prefix", "wildcard"]);
const INVOKES: ReadonlySet<unknown> = new Set(INVOKE_POLICIES);

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

/** A value of the table; undefined: it is no registration, or one of another program that cannot be used. */
export function readRecord(value: unknown): RegistrationRecord | undefined {
  if (!isRecord(value)) return undefined;
  const { uri, match, invoke, created, callees, revoked } = value;
  const isSound =
    typeof uri === "string" &&
    MATCHES.has(match) &&
    INVOKES.has(invoke) &&
    typeof created === "number" &&
    Array.isArray(callees) &&
    callees.every(isCallee) &&
    (revoked === undefined || Array.isArray(revoked));
  return isSound ? (value as unknown as RegistrationRecord) : undefined;
}

function isCallee(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { member, session, authrole, features, concurrency, handlesTimeout } = value;
  return (
    typeof member === "string" &&
    typeof session === "number" &&
    typeof authrole === "string" &&
    isRecord(features) &&
    (concurrency === undefined || typeof concurrency === "number") &&
    typeof handlesTimeout === "boolean"
  );
}
