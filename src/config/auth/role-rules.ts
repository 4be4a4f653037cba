/**
 * Rules for roles: a client can only join with a role that exists.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";

/** Warns of a role that no realm of a router, or no route of a proxy, has. */
export function warnOfRole(
  role: string,
  path: JsonPath,
  { report, workerType, isRoleKnown }: WorkerContext,
): void {
  if (isRoleKnown(role)) return;
  const place = workerType === "proxy" ? "route" : "realm";
  report.warn(path, `no ${place} has role "${role}", so clients that get it cannot join`);
}
