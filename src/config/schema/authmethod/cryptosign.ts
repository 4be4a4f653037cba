/**
 * `auth.cryptosign`.
 *
 * @module
 */

import * as v from "valibot";
import { dynamicAuth } from "#config/schema/dynamic-auth.ts";
import {
  byType,
  defaulted,
  item,
  mapOf,
  optional,
  required,
  text,
} from "#config/schema/primitive.ts";
import { hexOf, isStatic, refusedTypes } from "./common.ts";

const principal = item({
  authorized_keys: required(
    v.pipe(v.array(hexOf(32)), v.minLength(1, "expected at least one key, found none")),
    "Public keys (Ed25519) of this principal, in hex.",
  ),
  role: defaulted(text, "anonymous", "Role of this principal."),
  realm: optional(text, "Realm that this principal joins, whatever it asks for."),
});

/** WAMP-cryptosign. */
export const cryptosign = byType(
  {
    static: item({
      type: isStatic,
      principals: required(mapOf(v.string(), principal), "authid -> public keys and role."),
      trustroots: v.optional(
        v.custom<never>(
          () => false,
          "trustroots are not supported yet; list the keys under principals",
        ),
      ),
    }),
    dynamic: dynamicAuth,
  },
  refusedTypes("cryptosign"),
);

/** WAMP-cryptosign as written. */
export interface CryptosignItem {
  type: "static";
  principals: Record<
    string,
    { authorized_keys: string[]; role: string; realm?: string | undefined }
  >;
}
