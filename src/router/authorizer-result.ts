/**
 * What an authorizer may return: a boolean, or a map with the keys `allow`, `cache`, `disclose` and
 * `validate`, as in Crossbar.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";

/** The decision of an authorizer about one action. */
export interface Decision {
  readonly allow: boolean;
  /** Whether it holds for the same action of every session with the role. */
  readonly cache: boolean;
  readonly disclose: boolean;
  /** Whether payloads have to be validated, which the router does not do. */
  readonly validate: boolean;
}

const FLAGS = ["allow", "cache", "disclose"];

/** Reads what an authorizer returned; `reason` says in which way it is malformed. */
export function readAuthorizerResult(returned: unknown): Decision | { reason: string } {
  if (typeof returned === "boolean") {
    return { allow: returned, cache: false, disclose: false, validate: false };
  }
  if (!isRecord(returned)) return { reason: "the authorizer returned no boolean and no map" };
  for (const [key, value] of Object.entries(returned)) {
    if (FLAGS.includes(key)) {
      if (typeof value !== "boolean")
        return { reason: `the authorizer returned no boolean for "${key}"` };
    } else if (key !== "validate") {
      return { reason: `the authorizer returned the unknown key "${key.slice(0, 100)}"` };
    } else if (value !== null && !isRecord(value)) {
      return { reason: 'the authorizer returned no map for "validate"' };
    }
  }
  const { allow, cache = false, disclose = false, validate = null } = returned;
  if (allow === undefined) return { reason: 'the authorizer returned a map without "allow"' };
  return {
    allow: allow === true,
    cache: cache === true,
    disclose: disclose === true,
    validate: validate !== null,
  };
}
