/**
 * Realms of a router worker: roles and what they may do.
 *
 * @module
 */

import * as v from "valibot";
import {
  anyMap,
  anything,
  defaulted,
  id,
  item,
  oneOf,
  optional,
  required,
  text,
} from "#config/schema/primitive.ts";

const no = () => defaulted(v.boolean(), false, "Absent: no.");

const permission = item({
  uri: required(v.string(), "The URI, or its pattern."),
  match: optional(
    oneOf(["exact", "prefix", "wildcard"]),
    "How the URI matches; absent: `*` at the end means prefix, `..` wildcard, else exact.",
  ),
  allow: optional(
    item({ call: no(), register: no(), publish: no(), subscribe: no() }),
    "What is allowed; absent: nothing.",
  ),
  disclose: optional(item({ caller: no(), publisher: no() }), "Whose identity is disclosed."),
  cache: optional(v.boolean(), "Accepted, has no effect."),
  validate: optional(anyMap, "Accepted, not honoured."),
});

const refusedAuthorizer = v.custom<undefined>(
  (value) => value === undefined,
  "a role with an authorizer is not supported; list its permissions",
);

const role = item({
  name: required(text, "Name of the role."),
  id: optional(id, "Accepted, has no effect."),
  permissions: defaulted(v.array(permission), [], "What the role may do; absent: nothing."),
  authorizer: optional(refusedAuthorizer, "Not supported."),
});

/** A realm. */
export const realm = item({
  name: required(text, "Name of the realm."),
  id: optional(id, "Accepted, has no effect."),
  roles: defaulted(v.array(role), [], "Roles of this realm."),
  options: optional(anyMap, "Accepted, not honoured."),
  store: optional(anything, "Accepted, not honoured."),
});

/** A realm as written. */
export type RealmItem = v.InferOutput<typeof realm>;
