/**
 * Parts that the schemas of the authmethods share: secrets, roles, and octets in hex.
 *
 * @module
 */

import * as v from "valibot";
import { optional, required } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { fileName, text } from "#config/schema/primitive.ts";
import { type WarnedValue, warnedValue } from "#config/schema/warned-value.ts";

/** `type: static`. */
export const isStatic = required(v.literal("static"), "Configured here.");

/** A secret: as it is, `"${VARIABLE}"`, or the text of a file. */
export const secret = v.union(
  [text, item({ file: required(fileName, "The file, without the line end at its end.") })],
  // The fault does not quote the value: a number may be a secret without its quotation marks.
  ({ input }) =>
    input === undefined
      ? "required attribute is missing"
      : `expected a text or {"file": "…"}, found ${kindOf(input)}`,
);

function kindOf(input: unknown): string {
  if (Array.isArray(input)) return "a list";
  return typeof input === "object" ? "something else" : `a ${typeof input}`;
}

/** A secret as written. */
export type SecretItem = v.InferOutput<typeof secret>;

/** `ticket` or `secret` of a principal. */
export const requiredSecret = required(
  secret,
  `The secret, or \`"\${VARIABLE}"\` for one in the environment, or \`{"file": "…"}\` for one in a file.`,
);

/** `role` of a principal. */
export const role = optional(text, "Role of this principal; without one nobody can join as it.");

/** Octets in hex, of one length or (null) any. The fault does not quote the value, which may be a secret. */
export function hexOf(octets: number | null) {
  const expected = octets === null ? "octets in hex" : `${octets} octets in hex`;
  const pattern = RegExp(octets === null ? "^([0-9a-fA-F]{2})+$" : `^[0-9a-fA-F]{${2 * octets}}$`);
  const sentence = `expected ${expected}, found something else`;
  return v.pipe(
    v.string(({ input }) => (input === undefined ? "required attribute is missing" : sentence)),
    v.regex(pattern, sentence),
  );
}

const none: WarnedValue = {
  matches: (keys) => Array.isArray(keys) && keys.length === 0,
  sentence: "there is no key, so nobody can join as this principal",
};

/** Ed25519 public keys in hex, of one principal. */
export const publicKeys = warnedValue(v.array(hexOf(32)), none);
