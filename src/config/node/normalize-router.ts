/**
 * Normalizes router workers.
 *
 * @module
 */

import { asList } from "#base/record.ts";
import type { AuthenticatorConfig } from "#config/auth/authenticator-config.ts";
import { normalizeRouterComponents } from "#config/component/normalize-component.ts";
import {
  normalizeWorkerOptions,
  normalizeWorkerPython,
} from "#config/component/normalize-process-options.ts";
import { findRealm, hasRole, normalizeRealms } from "#config/realm/normalize-realm.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { normalizeTransports } from "#config/transport/normalize-transport.ts";
import type { WorkerItem } from "./node-schema.ts";
import type { RouterWorkerConfig } from "./worker-config.ts";

/** The normalized router worker. */
export function normalizeRouter(
  item: Extract<WorkerItem, { type: "router" }>,
  id: string,
  path: JsonPath,
  report: Report,
): RouterWorkerConfig {
  const realms = normalizeRealms(asList(item.realms), [...path, "realms"], report);
  // A malformed realm may be the one that is missing: no realm and no role is reported as missing.
  const isUncertain = report.isMalformed([...path, "realms"]);
  const isRealmKnown = (realm: string) => isUncertain || findRealm(realms, realm) !== undefined;
  const isRoleKnown = (role: string, realm?: string) => isUncertain || hasRole(realms, role, realm);
  const authenticators: AuthenticatorConfig[] = [];
  const transports = normalizeTransports(item.transports, path, {
    report,
    workerType: "router",
    isRealmKnown,
    isRoleKnown,
    forkedRealms: [],
    connections: {},
    authenticators,
  });
  const list = normalizeRouterComponents(asList(item.components), [...path, "components"], report, {
    isRealmKnown,
    isRoleKnown,
  });
  const hasCode = list.length > 0 || authenticators.length > 0;
  const place = [...path, "options"];
  const { options, hasTemplates } = normalizeWorkerPython(item.options, hasCode, place, report);
  return {
    type: "router",
    id,
    options: normalizeWorkerOptions(item.options, place, report),
    realms,
    transports,
    ...(list.length > 0 && { components: { list, options } }),
    ...(authenticators.length > 0 && { authenticators: { list: authenticators, options } }),
    ...(hasTemplates && { templates: options }),
  };
}
