/**
 * What an authenticator may return, by authmethod: a role, or a map of the principal's attributes
 * and the credentials of the method, in Crossbar's spelling. Other attributes are ignored.
 *
 * @module
 */

import * as v from "valibot";
import { isRecord } from "#base/record.ts";
import type { Principal } from "./principal.ts";
import { ACCEPTED } from "./ticket.ts";

const text = v.pipe(v.string("a text"), v.nonEmpty("a text that is not empty"));
const hex = v.pipe(
  text,
  v.regex(/^([0-9a-fA-F]{2})+$/, "octets in hex"),
  v.maxLength(2048, "at most 1024 octets in hex"),
);
const key = v.pipe(text, v.regex(/^[0-9a-fA-F]{64}$/, "32 octets in hex"));

/** An integer within the same bounds as that of a static principal. */
function integer(lowest: number, highest: number) {
  const expected = `an integer from ${lowest} to ${highest}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(lowest, expected),
    v.maxValue(highest, expected),
  );
}

/** A dictionary; valibot's `object` would also accept lists and octets. */
const map = v.custom<Record<string, unknown>>(isRecord, "a map");

/** Null is refused for `realm`, `authid` and `role`; for `extra` it means absent. */
const principal = {
  realm: v.optional(text),
  authid: v.optional(text),
  role: v.optional(text),
  extra: nullable(map),
};

/** An attribute for which null means absent. */
function nullable<T>(schema: v.GenericSchema<unknown, T>) {
  return v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );
}

const answerSchemas = {
  anonymous: v.object(principal),
  // The authenticator was sent the ticket, so its answer already accepts it.
  ticket: v.pipe(
    v.object(principal),
    v.transform((rest) => ({ ...rest, ticket: ACCEPTED as typeof ACCEPTED })),
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
      // In KiB; pbkdf2 does not use it.
      memory: nullable(integer(8, 4_194_304)),
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
    v.transform(({ pubkey, ...rest }) => ({ ...rest, authorized_keys: [pubkey.toLowerCase()] })),
  ),
  tls: v.object(principal),
  // As in Crossbar a role is required and has no effect: the proxy states the role of each session.
  "cryptosign-proxy": v.pipe(
    v.object({ ...principal, pubkey: key }),
    v.transform(({ pubkey, ...rest }) => ({ ...rest, authorized_keys: [pubkey.toLowerCase()] })),
  ),
};

/** The authmethods that can use an authenticator. */
export type DynamicMethod = keyof typeof answerSchemas;

/** A principal with the credentials of an authmethod, as its authenticator returned them. */
export type AuthenticatorAnswer<M extends DynamicMethod> = Principal &
  v.InferOutput<(typeof answerSchemas)[M]>;

/**
 * Reads what an authenticator returned. A `reason` names the attribute and what was expected; it
 * never quotes the value, which may be a secret.
 */
export function readAnswer<M extends DynamicMethod>(
  authmethod: M,
  returned: unknown,
): { principal: AuthenticatorAnswer<M> } | { reason: string } {
  const answer = typeof returned === "string" ? { role: returned } : returned;
  if (!isRecord(answer)) return { reason: "expected a role or a map" };
  const read = v.safeParse(answerSchemas[authmethod], answer);
  if (read.success) return { principal: read.output as AuthenticatorAnswer<M> };
  const [issue] = read.issues;
  // Every attribute is one of the answer itself.
  const place = issue.path?.[0].key;
  const expected = issue.input === undefined ? "it is missing" : `expected ${issue.message}`;
  return { reason: place === undefined ? expected : `${place}: ${expected}` };
}
