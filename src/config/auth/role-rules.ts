/**
 * Rules for the roles that clients get.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";

/** Warns of a role that no realm of a router, or no route of a proxy, has, and of the one that may do everything. */
export function warnOfRole(
  role: string,
  path: JsonPath,
  { report, workerType, isRoleKnown }: WorkerContext,
): void {
  if (role === "trusted") report.givesTrusted = true;
  if (isRoleKnown(role)) return;
  if (workerType === "proxy") {
    report.warn(path, `no route has role "${role}", so clients that get it cannot join`);
    return;
  }
  report.warn(
    path,
    builtIn[role] ?? `no realm has role "${role}", so clients that get it cannot join`,
  );
}

/** As in Crossbar, a router has these roles on every realm. */
const builtIn: Partial<Record<string, string>> = {
  anonymous: 'no realm has role "anonymous", so clients that get it may do nothing',
  trusted: 'clients of role "trusted" may do everything on every realm',
};
