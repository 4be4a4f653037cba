/**
 * Rules for authorizers: without one that is registered its role may do nothing.
 *
 * @module
 */

import type { RouterWorkerConfig } from "#config/node/worker-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { RoleConfig } from "./realm-config.ts";
import { hasTrusted, mayDo } from "./role-permissions.ts";

/** Warns of an authorizer that no session may register: its role then may do nothing. */
export function warnOfAuthorizers(
  worker: RouterWorkerConfig,
  path: JsonPath,
  report: Report,
): void {
  if (report.isMalformed([...path, "realms"])) return;
  for (const [index, { name, roles }] of worker.realms.entries()) {
    if (hasTrusted(worker, name, report)) continue;
    for (const [at, role] of roles.entries()) {
      const { authorizer } = role.authorizer ?? {};
      const isOther = (one: RoleConfig) => one.authorizer?.authorizer !== authorizer;
      if (authorizer === undefined) continue;
      if (roles.filter(isOther).some((one) => mayDo(one, "register", authorizer))) continue;
      const state = `no role of realm "${name}" may register it`;
      report.warn(
        [...path, "realms", index, "roles", at, "authorizer"],
        `${state}, so that role "${role.name}" may do nothing; add a permission`,
      );
    }
  }
}
