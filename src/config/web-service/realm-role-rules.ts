/**
 * Rules for the realm and the role of a Web service that acts on realms.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";

/** A realm and a role of it, what they do, and the attribute that names the role. */
interface NamedRole {
  realm: string;
  role?: string | undefined;
  done: string;
  roleAttribute?: "role" | "authrole";
}

/** Warns of a realm or role that nothing leads to, so that nothing is `done`. */
export function warnOfRealmAndRole(
  { realm, role, done, roleAttribute = "role" }: NamedRole,
  path: JsonPath,
  context: WorkerContext,
): void {
  const { report, isRealmKnown } = context;
  if (!isRealmKnown(realm)) {
    const sentence = `no ${placeOf(context)} "${realm}" exists, so nothing is ${done}`;
    report.warn([...path, "realm"], sentence);
  } else if (role !== undefined) {
    warnOfRole(role, realm, `nothing is ${done}`, [...path, roleAttribute], context);
  }
}

/** Warns of a role that nothing leads to. */
export function warnOfRole(
  role: string,
  realm: string,
  consequence: string,
  path: JsonPath,
  context: WorkerContext,
): void {
  const { report, workerType, isRoleKnown } = context;
  // A router needs no configured role for its own calls; a proxy needs a route for it.
  if ((workerType === "router" && role === "trusted") || isRoleKnown(role, realm)) return;
  report.warn(path, `${placeOf(context)} "${realm}" lacks role "${role}", so ${consequence}`);
}

function placeOf({ workerType }: WorkerContext): string {
  return workerType === "proxy" ? "route" : "realm";
}
