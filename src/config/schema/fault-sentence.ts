/**
 * Sentences that the faults of all schemas share.
 *
 * @module
 */

import type * as v from "valibot";

/** `"a", "b" or "c"`. */
export function listWords(known: readonly string[]): string {
  const quoted = known.map((word) => `"${word}"`);
  const last = quoted.pop() ?? "nothing";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}

/** The sentence for a value of the wrong type, where its schema has none of its own. */
export function explainType(issue: v.BaseIssue<unknown>): string {
  if (issue.received === "undefined") return "required attribute is missing";
  const expected = kindOf(issue.expected ?? "") || issue.message;
  return `expected ${expected}, found ${issue.received}`;
}

const KINDS = new Map([
  ["Object", "object"],
  ["Array", "list"],
  ["Date", "date"],
  ["Set", "set"],
  ["Uint8Array", "octets"],
]);

/** The kind of a value by the name of its class; any other text stays as it is. */
export function kindOf(className: string): string {
  return KINDS.get(className) ?? className;
}

/**
 * A value of a simple type as it is, another as its kind: what is in it may be long, or a secret. An attribute
 * `constructor` of the value does not decide about its kind.
 */
export function nameFound(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return kindOf((Object.getPrototypeOf(value) as object).constructor.name);
}
