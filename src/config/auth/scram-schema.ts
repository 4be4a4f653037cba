/**
 * `auth.scram`.
 *
 * @module
 */

import * as v from "valibot";
import { optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, lenientItem, mapOf } from "#config/schema/item.ts";
import { integer, oneOf } from "#config/schema/primitive.ts";
import { askingTypes } from "./authenticator-schema.ts";
import { hexOf, isStatic, role } from "./principal-schema.ts";

const salt = v.pipe(
  hexOf(null),
  v.maxLength(2048, "expected a salt of at most 1024 octets in hex, found a longer one"),
);

const principal = item({
  kdf: required(oneOf(["pbkdf2", "argon2id-13"]), "How clients derive a key from their password."),
  iterations: required(integer(1, 10_000_000), "Iterations of the derivation."),
  memory: optional(v.number(), "KiB of memory, 8 to 4194304; for argon2id-13, which needs it."),
  salt: required(salt, "Salt of the derivation, in hex."),
  "stored-key": required(hexOf(32), "SHA-256 of the client key, in hex."),
  "server-key": required(hexOf(32), "The server key, in hex."),
  role,
});

/** SCRAM. */
export const scram = byType({
  static: lenientItem({
    type: isStatic,
    principals: required(mapOf(v.string(), principal), "authid -> derived keys and role."),
  }),
  ...askingTypes,
});
