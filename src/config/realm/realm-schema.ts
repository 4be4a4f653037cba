/**
 * Realms of a router worker: roles and their permissions.
 *
 * @module
 */

import * as v from "valibot";
import { strictUri } from "#config/auth/authenticator-schema.ts";
import { defaulted, optional, required, withoutEffect } from "#config/schema/attribute.ts";
import { item, lenientItem } from "#config/schema/item.ts";
import { anyMap, anything, integer, oneOf, text } from "#config/schema/primitive.ts";
import { always, unhonoured } from "#config/schema/unhonoured.ts";
import { realmCluster } from "./cluster-schema.ts";
import { realmOptions } from "./realm-options-schema.ts";
import { realmStats } from "./realm-stats-schema.ts";
import { realmStore } from "./realm-store-schema.ts";

const no = () => defaulted(v.boolean(), false, "Absent: no.");

const permission = item({
  uri: required(v.string(), "The URI, or its pattern."),
  match: optional(
    oneOf(["exact", "prefix", "wildcard"]),
    "How the URI matches; absent: one `*`, at the end, means prefix, other `*` and `..` wildcard, else exact.",
  ),
  allow: optional(
    item({ call: no(), register: no(), publish: no(), subscribe: no() }),
    "What is allowed; absent: nothing.",
  ),
  disclose: optional(
    item({ caller: no(), publisher: no() }),
    "Identities that are disclosed; absent: none.",
  ),
  cache: withoutEffect(v.boolean()),
  validate: optional(unhonoured(anyMap, always, "no payload is checked")),
});

/** A permission as written. */
export type PermissionItem = v.InferOutput<typeof permission>;

/** Milliseconds. */
export const DEFAULT_AUTHORIZER_TIMEOUT = 5_000;

const DEFAULT_DECISIONS = 10_000;

const authorizerCache = item({
  ttl: optional(
    integer(1, 86_400),
    "Seconds for which a decision is kept; absent: until the roles are configured again.",
  ),
  scope: defaulted(
    oneOf(["role", "session"]),
    "role",
    "For whom a decision holds: every session with the role, or the one that was asked about.",
  ),
  denials: defaulted(v.boolean(), true, "Whether denials are kept, too."),
  limit: defaulted(
    integer(1, 1_000_000),
    DEFAULT_DECISIONS,
    "Most decisions; beyond it the one that was not used for the longest time is forgotten.",
  ),
});

const role = lenientItem({
  name: required(text, "Name of the role."),
  id: withoutEffect(anything),
  permissions: optional(v.array(permission), "What the role may do; absent: nothing."),
  authorizer: optional(strictUri, "URI of a procedure that decides, instead of permissions."),
  "authorizer-timeout": defaulted(
    integer(100, 60_000),
    DEFAULT_AUTHORIZER_TIMEOUT,
    "Extension. Milliseconds that the authorizer may take.",
  ),
  "authorizer-cache": optional(
    authorizerCache,
    "Extension. How decisions are kept for which the authorizer says `cache`; absent: for every session with the role.",
  ),
  "allow-by-default": optional(
    v.boolean(),
    "Without permissions and authorizer: whether everything is allowed; absent: no.",
  ),
});

/** A role as written. */
export type RoleItem = v.InferOutput<typeof role>;

/** A realm. */
export const realm = lenientItem({
  name: required(
    text,
    "Name of the realm. Extension: `*` is a template for realms that are not named; a client opens one by joining it.",
  ),
  id: withoutEffect(anything),
  max_realms: optional(
    integer(1, 100_000),
    "Extension. Of the realm `*`: most realms that are made of it; absent: 100.",
  ),
  roles: defaulted(v.array(role), [], "Roles of this realm."),
  options: optional(realmOptions, "Options of this realm."),
  stats: optional(
    realmStats,
    "When the counts of the messages of each session are published as `wamp.session.on_stats`; absent: never.",
  ),
  inventory: optional(unhonoured(anything, always, "no payload is checked")),
  store: optional(realmStore, "Events that are kept for clients that come later; absent: none."),
  cluster: optional(
    realmCluster,
    "Extension. Other router workers, perhaps on other machines, that have the same realm; absent: none.",
  ),
});

/** A realm as written. */
export type RealmItem = v.InferOutput<typeof realm>;
