/**
 * `type: dynamic` and `type: function` of the authmethods: an authenticator decides, a WAMP procedure or a
 * function of Python.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { lenientItem } from "#config/schema/item.ts";
import { anything, dottedName, integer, text } from "#config/schema/primitive.ts";
import { only, unhonoured } from "#config/schema/unhonoured.ts";

/** A URI by the strict rule of WAMP: lower-case letters, digits and underscores between dots. */
export const strictUri = v.pipe(
  text,
  v.regex(
    /^(?!\.)(?!.*\.\.)[0-9a-z_.]*[0-9a-z_]$/,
    (issue) => `expected a URI such as "com.example.authenticate", found ${issue.received}`,
  ),
);

const rules = {
  "default-role": optional(
    text,
    "Role of clients for which the authenticator returns none; absent: they are refused.",
  ),
  "authenticator-timeout": defaulted(
    integer(100, 60_000),
    5_000,
    "Extension. Milliseconds for its answer, the time to reach it included.",
  ),
};

/** A dynamic authmethod. */
const dynamicAuth = lenientItem({
  type: required(v.literal("dynamic"), "A WAMP procedure decides."),
  authenticator: required(strictUri, "URI of the procedure."),
  "authenticator-realm": optional(
    text,
    "Realm that it is registered on; absent: the one that the client asks for.",
  ),
  "authenticator-role": optional(text, "Role that it is called as; absent: `trusted`."),
  ...rules,
});

const functionAuth = lenientItem({
  type: required(v.literal("function"), "A function of Python decides."),
  create: required(dottedName, "`package.module.function`, which makes the authenticator."),
  config: optional(anything, "First argument of the function; absent: an empty map."),
  expose_controller: optional(
    unhonoured(v.boolean(), only(true), "the function gets None in place of a controller"),
  ),
  ...rules,
});

/** The types of an authmethod that ask an authenticator. */
export const askingTypes = { dynamic: dynamicAuth, function: functionAuth };

/** A dynamic authmethod as written. */
export type DynamicAuthItem = v.InferOutput<typeof dynamicAuth>;

/** An authmethod of type `function` as written. */
export type FunctionAuthItem = v.InferOutput<typeof functionAuth>;
