/**
 * `type: dynamic` of every authmethod: a WAMP procedure, the authenticator, decides.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, lenientItem, optional, required } from "#config/schema/item.ts";
import { integer, text } from "#config/schema/primitive.ts";

/** A URI by the strict rule of WAMP: lower-case letters, digits and underscores between dots. */
export const strictUri = v.pipe(
  text,
  v.regex(
    /^[0-9a-z_]+(\.[0-9a-z_]+)*$/,
    (issue) => `expected a URI such as "com.example.authenticate", found ${issue.received}`,
  ),
);

/** A dynamic authmethod. */
export const dynamicAuth = lenientItem({
  type: required(v.literal("dynamic"), "A WAMP procedure decides."),
  authenticator: required(strictUri, "URI of the procedure."),
  "authenticator-realm": optional(
    text,
    "Realm that it is registered on; absent: the one that the client asks for.",
  ),
  "authenticator-role": optional(text, "Role that it is called as; absent: `trusted`."),
  "default-role": optional(
    text,
    "Role of clients for which the procedure returns none; absent: they are refused.",
  ),
  "authenticator-timeout": defaulted(
    integer(100, 60_000),
    5_000,
    "Extension. Milliseconds for its answer, the time to reach it included.",
  ),
});

/** A dynamic authmethod as written. */
export type DynamicAuthItem = v.InferOutput<typeof dynamicAuth>;
