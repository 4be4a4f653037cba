/**
 * Normalizes the realms of a router worker.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { normalizeAuthorization } from "./normalize-authorization.ts";
import { normalizeCluster } from "./normalize-cluster.ts";
import type { PermissionConfig, RealmConfig } from "./realm-config.ts";
import type { PermissionItem, RealmItem } from "./realm-schema.ts";

/** The name of the realm of which realms are made that are not named. */
const TEMPLATE = "*";

const DEFAULT_MAX_REALMS = 100;

/** The normalized realms; a realm with faults is left out. Of several with one name the last counts, as in Crossbar. */
export function normalizeRealms(items: RealmItem[], path: JsonPath, report: Report): RealmConfig[] {
  const realms = new Map<string, RealmConfig>();
  items.forEach((item, index) => {
    const at = [...path, index];
    if (report.isMalformed(at)) return;
    const { name } = item;
    if (realms.has(name)) {
      report.warn([...at, "name"], `realm "${name}" is also given before; the last one counts`);
    }
    const roles = normalizeRoles(item, at, report);
    realms.set(name, {
      name,
      roles,
      ...normalizeOptions(item, at, report),
      ...(item.stats && { stats: item.stats }),
      ...normalizeStore(item),
      ...normalizeTemplate(item, at, report),
      ...(item.cluster && { cluster: normalizeCluster(item.cluster, [...at, "cluster"], report) }),
    });
  });
  return [...realms.values()];
}

/** A realm that clients open is made of the one named `*`. */
function normalizeTemplate(
  { name, max_realms }: RealmItem,
  path: JsonPath,
  report: Report,
): Pick<RealmConfig, "max_realms"> {
  if (name === TEMPLATE) return { max_realms: max_realms ?? DEFAULT_MAX_REALMS };
  if (max_realms !== undefined) {
    report.warn([...path, "max_realms"], 'has no effect: it is for the realm "*" alone');
  }
  return {};
}

function normalizeOptions(
  { options }: RealmItem,
  path: JsonPath,
  report: Report,
): Pick<RealmConfig, "options"> {
  if (options === undefined) return {};
  const { bridge_meta_api: _, ...kept } = options;
  const { default_call_timeout, max_call_timeout } = kept;
  if (max_call_timeout > 0 && default_call_timeout > max_call_timeout) {
    const sentence = `more than max_call_timeout, so that calls end after ${max_call_timeout} ms`;
    report.warn([...path, "options", "default_call_timeout"], sentence);
  }
  return { options: kept };
}

function normalizeStore({ store }: RealmItem): Pick<RealmConfig, "history" | "queues"> {
  if (store === undefined) return {};
  const { limit, "event-history": kept, "call-queue": queues } = store;
  return {
    history: kept.map((one) => ({ uri: one.uri, match: one.match, limit: one.limit ?? limit })),
    ...(queues && { queues: queues.map(({ uri, match, limit }) => ({ uri, match, limit })) }),
  };
}

function normalizeRoles(realm: RealmItem, path: JsonPath, report: Report): RealmConfig["roles"] {
  const names = new Set<string>();
  return realm.roles.map((role, index) => {
    const at = [...path, "roles", index];
    if (names.has(role.name)) report.fault([...at, "name"], `role "${role.name}" is given twice`);
    names.add(role.name);
    const permissions = role.permissions?.map(normalizePermission) ?? [];
    return { name: role.name, ...normalizeAuthorization(role, permissions, at, report) };
  });
}

const NOTHING = { call: false, register: false, publish: false, subscribe: false };

function normalizePermission({ uri, match, allow, disclose }: PermissionItem): PermissionConfig {
  return {
    ...uriMatch(uri, match),
    allow: { ...NOTHING, ...allow },
    disclose: { caller: false, publisher: false, ...disclose },
  };
}

/**
 * Without `match`, one star at its end makes a URI a prefix, and other stars, or an empty component, a wildcard: the stars
 * are left out (`convert_starred_uri` of autobahn).
 */
function uriMatch(
  uri: string,
  match: PermissionConfig["match"] | undefined,
): Pick<PermissionConfig, "uri" | "match"> {
  if (match !== undefined) return { uri, match };
  const stars = uri.split("*").length - 1;
  if (stars === 1 && uri.endsWith("*")) return { uri: uri.slice(0, -1), match: "prefix" };
  if (stars > 0) return { uri: uri.replaceAll("*", ""), match: "wildcard" };
  return { uri, match: uri.includes("..") ? "wildcard" : "exact" };
}

/** The realm with a name, or the one of which it would be made; undefined: there is neither. */
export function findRealm(realms: readonly RealmConfig[], realm: string): RealmConfig | undefined {
  const named = (wanted: string) => realms.find(({ name }) => name === wanted);
  return named(realm) ?? named(TEMPLATE);
}

/** Whether a role exists, in this realm or (without a realm) in any. */
export function hasRole(realms: readonly RealmConfig[], role: string, realm?: string): boolean {
  const found = realm === undefined ? realms : [findRealm(realms, realm)];
  const among = found.filter((one) => one !== undefined);
  return among.some(({ roles }) => roles.some(({ name }) => name === role));
}
