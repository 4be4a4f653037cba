/**
 * `auth.wampcra`.
 *
 * @module
 */

import * as v from "valibot";
import { optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, lenientItem, mapOf } from "#config/schema/item.ts";
import { integer, text } from "#config/schema/primitive.ts";
import { askingTypes } from "./authenticator-schema.ts";
import { isStatic, requiredSecret, role } from "./principal-schema.ts";

const salt = v.pipe(text, v.maxLength(1024, "expected a salt of at most 1024 characters"));

const user = item({
  secret: requiredSecret,
  role,
  salt: optional(salt, "Salt of the key that is derived from the secret (PBKDF2, SHA-256)."),
  iterations: optional(integer(1, 10_000_000), "Iterations of PBKDF2; with `salt` and `keylen`."),
  keylen: optional(integer(1, 1024), "Octets of the derived key; with `salt` and `iterations`."),
});

/** WAMP-CRA. */
export const wampcra = byType({
  static: lenientItem({
    type: isStatic,
    users: required(mapOf(v.string(), user), "authid -> secret and role."),
  }),
  ...askingTypes,
});
