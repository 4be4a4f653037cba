/**
 * How a role decides: by its permissions, by its authorizer, or the same for every action.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { AuthorizerConfig, PermissionConfig, RoleConfig } from "./realm-config.ts";
import { DEFAULT_AUTHORIZER_TIMEOUT, type RoleItem } from "./realm-schema.ts";

/** What `allow-by-default` stands for. */
const EVERYTHING: PermissionConfig = {
  uri: "",
  match: "prefix",
  allow: { call: true, register: true, publish: true, subscribe: true },
  disclose: { caller: false, publisher: false },
};

/** The permissions and the authorizer of a role; `permissions` are those that it lists, normalized. */
export function normalizeAuthorization(
  role: RoleItem,
  permissions: PermissionConfig[],
  path: JsonPath,
  report: Report,
): Omit<RoleConfig, "name"> {
  const { authorizer, "allow-by-default": allowByDefault } = role;
  const milliseconds = role["authorizer-timeout"];
  if (role.permissions !== undefined && authorizer !== undefined) {
    report.fault([...path, "authorizer"], "a role has permissions or an authorizer, not both");
  }
  if (authorizer === undefined && milliseconds !== DEFAULT_AUTHORIZER_TIMEOUT) {
    report.warn([...path, "authorizer-timeout"], "has no effect: the role has no authorizer");
  }
  if (authorizer === undefined && role["authorizer-cache"] !== undefined) {
    report.warn([...path, "authorizer-cache"], "has no effect: the role has no authorizer");
  }
  if (role.permissions === undefined && authorizer === undefined) {
    return { permissions: allowByDefault === true ? [EVERYTHING] : [] };
  }
  if (allowByDefault !== undefined) {
    const decider = authorizer === undefined ? "permissions" : "an authorizer";
    report.warn([...path, "allow-by-default"], `not honoured: the role has ${decider}`);
  }
  if (authorizer === undefined) return { permissions };
  return {
    permissions: [],
    authorizer: { authorizer, "authorizer-timeout": milliseconds, ...normalizeCache(role) },
  };
}

function normalizeCache({
  "authorizer-cache": cache,
}: RoleItem): Pick<AuthorizerConfig, "authorizer-cache"> {
  if (cache === undefined) return {};
  const { ttl, ...rest } = cache;
  return { "authorizer-cache": { ...rest, ...(ttl !== undefined && { ttl }) } };
}
