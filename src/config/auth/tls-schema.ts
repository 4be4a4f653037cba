/**
 * `auth.tls`.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { lenientItem, mapOf } from "#config/schema/item.ts";
import { askingTypes } from "./authenticator-schema.ts";
import { isStatic, role } from "./principal-schema.ts";

/** Octets in hex, with or without colons between them. */
function fingerprint(octets: number) {
  const sentence = `expected a fingerprint of ${octets} octets in hex, found something else`;
  return v.pipe(v.string(), v.regex(RegExp(`^(:*[0-9a-fA-F]){${2 * octets}}:*$`), sentence));
}

const principal = lenientItem({
  "certificate-sha1": optional(
    fingerprint(20),
    "SHA-1 fingerprint of the client's certificate, with colons or without.",
  ),
  "certificate-sha256": optional(
    fingerprint(32),
    "SHA-256 fingerprint of it (extension); one of both has to be there.",
  ),
  role,
});

/** TLS client certificates. */
export const tls = byType({
  static: lenientItem({
    type: isStatic,
    principals: defaulted(mapOf(v.string(), principal), {}, "authid -> certificate and role."),
  }),
  ...askingTypes,
});
