/**
 * `cookie` of a WebSocket path or transport.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, openItem } from "#config/schema/item.ts";
import { anything, fileName, integer, oneOf } from "#config/schema/primitive.ts";
import { always, only, unhonoured } from "#config/schema/unhonoured.ts";

const memoryStore = item({
  type: required(v.literal("memory"), "Each worker keeps the cookies that it issued."),
});

const purgeOnStartup = optional(
  unhonoured(
    v.boolean(),
    only(true),
    "cookies are forgotten when they are too old; remove the file to forget all",
  ),
);

const fileStore = item({
  type: required(v.literal("file"), "A file that all workers of the node share."),
  filename: required(fileName, "The file; made when it is missing."),
  purge_on_startup: purgeOnStartup,
});

const database = openItem(
  {
    type: required(
      unhonoured(
        v.literal("database"),
        always,
        "cookies are kept in a file beside it, with the ending .dat",
      ),
      "A database of Crossbar.",
    ),
    path: defaulted(fileName, ".cookies", "The folder of the database."),
    purge_on_startup: purgeOnStartup,
  },
  anything,
);

const cookieName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9_]+$/,
    (issue) => `expected a name out of a-z, 0-9 and _, found ${issue.received}`,
  ),
);

/** A cookie by which browsers are recognized. */
export const cookie = item({
  name: defaulted(cookieName, "cbtid", "Name of the cookie."),
  length: defaulted(integer(6, 64), 24, "Characters of its value."),
  max_age: defaulted(integer(1, 315_360_000), 604_800, "Seconds until it expires."),
  secure: defaulted(v.boolean(), false, "Sent over TLS only."),
  http_strict: defaulted(v.boolean(), false, "Kept from scripts (HttpOnly)."),
  same_site: optional(oneOf(["Strict", "Lax", "None"]), "SameSite; absent: no such attribute."),
  store: optional(
    byType({ memory: memoryStore, file: fileStore }, { unlisted: { database } }),
    "Where known cookies are kept; absent: in memory.",
  ),
});

/** A cookie as written. */
export type CookieItem = v.InferOutput<typeof cookie>;

/** A store as written, in a database too. */
export type StoreItem =
  | NonNullable<CookieItem["store"]>
  | Pick<v.InferOutput<typeof database>, "type" | "path">;
