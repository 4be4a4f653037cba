/**
 * `cookie` of a WebSocket path or transport.
 *
 * @module
 */

import * as v from "valibot";
import {
  byType,
  defaulted,
  fileName,
  integer,
  item,
  notSupported,
  oneOf,
  optional,
  required,
} from "#config/schema/primitive.ts";

const memoryStore = item({ type: required(v.literal("memory"), "Each worker knows its own.") });

const fileStore = item({
  type: required(v.literal("file"), "A file that all workers of the node share."),
  filename: required(fileName, "The file; made when it is missing."),
  purge_on_startup: optional(v.boolean(), "Accepted; `true` is not honoured."),
});

const cookieName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9_]+$/,
    (issue) => `expected a name out of a-z, 0-9 and _, found ${issue.received}`,
  ),
);

/** How browsers are recognized. */
export const cookie = item({
  name: defaulted(cookieName, "cbtid", "Name of the cookie."),
  length: defaulted(integer(6, 64), 24, "Characters of its value."),
  max_age: defaulted(integer(1, 315_360_000), 604_800, "Seconds that it is good for."),
  secure: defaulted(v.boolean(), false, "Sent over TLS only."),
  http_strict: defaulted(v.boolean(), false, "Kept from scripts (HttpOnly)."),
  same_site: optional(oneOf(["Strict", "Lax", "None"]), "SameSite; absent: not said."),
  store: optional(
    byType(
      { memory: memoryStore, file: fileStore },
      notSupported("cookie store", ["database"], "; use a file"),
    ),
    "Where known cookies are kept; absent: in memory.",
  ),
});

/** A cookie as written. */
export type CookieItem = v.InferOutput<typeof cookie>;
