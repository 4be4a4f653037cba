/**
 * The sentence for a value that a schema refuses: with the value, unless it is long or may be a secret.
 *
 * @module
 */

import type * as v from "valibot";
import { shorten } from "#base/printable.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { isWithinAttribute } from "./attribute-path.ts";
import { kindOf } from "./fault-sentence.ts";

/** Longest value that a fault quotes. */
const MOST_OF_VALUE = 100;

/** Attributes in `auth` that never hold a secret, so that their faults may quote the value. */
const NEVER_SECRET = [
  ...["auth", "type", "kdf", "iterations", "keylen", "memory", "create", "default-role"],
  ...["authenticator", "authenticator-realm", "authenticator-role", "authenticator-timeout"],
];

/** Attributes that hold a secret wherever they stand, also where they are misplaced. */
const SECRET = /ticket|secret|passw|token|seed|(^|[-_])key$/i;

/** The name and password in a URL. */
const USER_OF_URL = /\/\/[^/\s"@]+@/g;

/** The sentence for an issue of a value at this path. */
export function issueSentence(issue: v.BaseIssue<unknown>, path: JsonPath): string {
  if (mayBeSecret(path)) return withoutValue(issue);
  return withShortValue(issue).replace(USER_OF_URL, "//…@");
}

/** Items of which any value may be a secret: variables of the environment, and arguments of a program. */
const ANY_SECRET = ["vars", "arguments"];

/** Also any other value in `auth` may be a secret in the wrong place. */
function mayBeSecret(path: JsonPath): boolean {
  const name = path.findLast((step) => typeof step === "string");
  if (name !== undefined && SECRET.test(name)) return true;
  if (ANY_SECRET.some((attribute) => isWithinAttribute(path, attribute))) return true;
  return isWithinAttribute(path, "auth") && !NEVER_SECRET.includes(String(path.at(-1)));
}

/** The sentence with the kind of the wrong value in place of the value. */
function withoutValue(issue: v.BaseIssue<unknown>): string {
  const { received, input } = issue;
  const isText = typeof input === "string" || typeof input === "number";
  return withFound(issue, isText ? `a ${typeof input}` : kindOf(received));
}

function withShortValue(issue: v.BaseIssue<unknown>): string {
  return withFound(issue, kindOf(shorten(issue.received, MOST_OF_VALUE)));
}

function withFound({ message, received }: v.BaseIssue<unknown>, found: string): string {
  return message.replace(`found ${received}`, () => `found ${found}`);
}
