/**
 * Reads the token out of a header Authorization (RFC 6750, section 2.1).
 *
 *     Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl
 *
 * @module
 */

import type { ReadableFields } from "#transport/http/header-fields.ts";

const TOKEN = /^[\w.~+/-]+=*$/;

/** The token of a request; null: it has none, as with another scheme; undefined: the header is malformed. */
export function bearerTokenOf(headers: ReadableFields): string | null | undefined {
  const field = headers.get("authorization");
  if (field === null) return null;
  const [, scheme = "", rest = ""] = /^(\S*) *(.*)$/.exec(field) ?? [];
  if (scheme.toLowerCase() !== "bearer") return null;
  return TOKEN.test(rest) ? rest : undefined;
}
