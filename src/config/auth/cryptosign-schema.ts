/**
 * `auth.cryptosign`.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, lenientItem, mapOf } from "#config/schema/item.ts";
import { fileName, text } from "#config/schema/primitive.ts";
import { askingTypes } from "./authenticator-schema.ts";
import { isStatic, publicKeys, role } from "./principal-schema.ts";

const principal = item({
  authorized_keys: required(publicKeys, "Public keys (Ed25519) of this principal, in hex."),
  role,
  realm: optional(text, "Realm that this principal joins, whatever it asks for."),
});

const trustroot = item({
  certificate: optional(
    fileName,
    "File with the certificate of the root authority, as Crossbar's tools write it; absent: no client joins by this root.",
  ),
  trustroot: optional(
    text,
    "A root on a blockchain, which is not looked up: the certificate decides.",
  ),
  role: defaulted(text, "user", "Role of clients with a chain of certificates that ends in it."),
  realm: optional(text, "Realm that these clients join, whatever they ask for."),
});

/** WAMP-cryptosign. */
export const cryptosign = byType({
  static: lenientItem({
    type: isStatic,
    principals: optional(mapOf(v.string(), principal), "authid -> public keys and role."),
    trustroots: optional(
      mapOf(v.string(), trustroot),
      "Instead of principals: realm -> root authority.",
    ),
  }),
  ...askingTypes,
});
