/**
 * `auth.tls`.
 *
 * @module
 */

import * as v from "valibot";
import {
  byType,
  defaulted,
  item,
  mapOf,
  optional,
  required,
  text,
} from "#config/schema/primitive.ts";
import { dynamicAuth } from "./dynamic-auth-schema.ts";
import { isStatic, refusedTypes } from "./principal-schema.ts";

const fingerprint = (octets: number) => {
  const digits = (written: string) => written.replaceAll(":", "");
  const pattern = RegExp(`^[0-9a-f]{${2 * octets}}$`, "i");
  return v.pipe(
    v.string(),
    v.check(
      (written) => pattern.test(digits(written)),
      `expected a fingerprint of ${octets} octets in hex, found something else`,
    ),
  );
};

const principal = item({
  "certificate-sha1": optional(
    fingerprint(20),
    "SHA-1 fingerprint of the client's certificate, with colons or without.",
  ),
  "certificate-sha256": optional(
    fingerprint(32),
    "SHA-256 fingerprint of it (extension); one of both has to be there.",
  ),
  role: defaulted(text, "anonymous", "Role of this principal."),
});

/** TLS client certificates. */
export const tls = byType(
  {
    static: item({
      type: isStatic,
      principals: required(mapOf(v.string(), principal), "authid -> certificate and role."),
    }),
    dynamic: dynamicAuth,
  },
  refusedTypes("tls"),
);

/** TLS client certificates as written. */
export interface TlsAuthItem {
  type: "static";
  principals: Record<
    string,
    {
      "certificate-sha1"?: string | undefined;
      "certificate-sha256"?: string | undefined;
      role: string;
    }
  >;
}
