/**
 * What an authenticator may return, by authmethod: a role, or a map with what is known of the
 * principal and the credentials of the method, in Crossbar's spelling. Other attributes are ignored.
 *
 * @module
 */

import * as v from "valibot";
import { isRecord } from "#base/record.ts";
import type { Principal } from "./principal.ts";
import { JUDGED } from "./ticket.ts";

const text = v.pipe(v.string("a text"), v.nonEmpty("a text that is not empty"));
const hex = v.pipe(
  text,
  v.regex(/^([0-9a-fA-F]{2})+$/, "octets in hex"),
  v.maxLength(2048, "at most 1024 octets in hex"),
);
const key = v.pipe(text, v.regex(/^[0-9a-fA-F]{64}$/, "32 octets in hex"));

/** The bounds are those of static principals. */
function integer(lowest: number, highest: number) {
  const expected = `an integer from ${lowest} to ${highest}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(lowest, expected),
    v.maxValue(highest, expected),
  );
}

/** What valibot calls an object may be a list or octets, too. */
const map = v.custom<Record<string, unknown>>(isRecord, "a map");

/** Null is no answer to who somebody is, only to what more there is to say. */
const principal = {
  realm: v.optional(text),
  authid: v.optional(text),
  role: v.optional(text),
  extra: orNull(map),
};

/** An attribute that may also be null, which means the same as to leave it out. */
function orNull<T>(schema: v.GenericSchema<unknown, T>) {
  return v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );
}

const answers = {
  anonymous: v.object(principal),
  // The authenticator was shown the ticket, so that its answer is the judgement.
  ticket: v.pipe(
    v.object(principal),
    v.transform((found) => ({ ...found, ticket: JUDGED as typeof JUDGED })),
  ),
  wampcra: v.object({
    ...principal,
    secret: text,
    salt: v.optional(v.pipe(text, v.maxLength(1024, "at most 1024 characters"))),
    iterations: v.optional(integer(1, 10_000_000)),
    keylen: v.optional(integer(1, 1024)),
  }),
  scram: v.pipe(
    v.object({
      ...principal,
      kdf: v.picklist(["argon2id-13", "pbkdf2"], "argon2id-13 or pbkdf2"),
      salt: hex,
      iterations: integer(1, 10_000_000),
      // In KiB; pbkdf2 has no use for it.
      memory: orNull(integer(8, 4_194_304)),
      "stored-key": key,
      "server-key": key,
    }),
    v.check(
      ({ kdf, memory }) => kdf === "pbkdf2" || memory !== undefined,
      "memory for argon2id-13",
    ),
  ),
  cryptosign: v.pipe(
    v.object({ ...principal, pubkey: key }),
    v.transform(({ pubkey, ...found }) => ({ ...found, authorized_keys: [pubkey.toLowerCase()] })),
  ),
  tls: v.object(principal),
  // The role is asked for as in Crossbar, and means nothing: the proxy names that of each session.
  "cryptosign-proxy": v.pipe(
    v.object({ ...principal, pubkey: key }),
    v.transform(({ pubkey, ...found }) => ({ ...found, authorized_keys: [pubkey.toLowerCase()] })),
  ),
};

/** The authmethods that may ask an authenticator. */
export type DynamicMethod = keyof typeof answers;

/** A principal with the credentials of an authmethod, as its authenticator returned them. */
export type AuthenticatorAnswer<M extends DynamicMethod> = Principal &
  v.InferOutput<(typeof answers)[M]>;

/**
 * Reads what an authenticator returned. The other result says what was expected where; it never
 * quotes what was found, which may be a secret.
 */
export function readAnswer<M extends DynamicMethod>(
  authmethod: M,
  returned: unknown,
): { principal: AuthenticatorAnswer<M> } | { reason: string } {
  const written = typeof returned === "string" ? { role: returned } : returned;
  if (!isRecord(written)) return { reason: "expected a role or a map" };
  const read = v.safeParse(answers[authmethod], written);
  if (read.success) return { principal: read.output as AuthenticatorAnswer<M> };
  const [issue] = read.issues;
  const place = issue.path?.map(({ key }) => key).join(".");
  const expected = issue.input === undefined ? "it is missing" : `expected ${issue.message}`;
  return { reason: place === undefined ? expected : `${place}: ${expected}` };
}
