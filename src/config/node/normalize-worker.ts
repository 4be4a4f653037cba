/**
 * Workers: from what is written to the normalized form. Items with faults are left out, so that
 * the sound ones can still be checked and every fault is told at once.
 *
 * @module
 */

import * as v from "valibot";
import { asMap, isRecord } from "#base/record.ts";
import { hasRole } from "#config/connection/normalize-connection.ts";
import { normalizeListening } from "#config/endpoint/normalize-endpoint.ts";
import type {
  PermissionConfig,
  RealmConfig,
  TransportConfig,
  WebSocketTesteeTransportConfig,
  WorkerConfig,
} from "#config/node-config.ts";
import { normalizeHttpLimits, normalizeLimits } from "#config/options/normalize-limits.ts";
import { normalizeWebSocketOptions } from "#config/options/normalize-websocket-options.ts";
import { websocketOptions } from "#config/options/websocket-options-schema.ts";
import type { RealmItem } from "#config/realm/realm-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import {
  normalizeRawSocket,
  normalizeUniversal,
  warnWebOptions,
} from "#config/transport/normalize-universal.ts";
import type { TesteeTransportItem, TransportItem } from "#config/transport/transport-schema.ts";
import {
  normalizePaths,
  normalizeWebSocket,
  type ServiceContext,
} from "#config/web-service/normalize-web-service.ts";
import type { WorkerItem } from "./node-schema.ts";
import { normalizeProxy } from "./normalize-proxy.ts";

/** What is known of a service before its transport is looked at. */
type WorkerContext = Omit<ServiceContext, "transportId" | "endpointType" | "asksForCertificate">;

/** The normalized worker, or null for one that is disabled. */
export function normalizeWorker(
  item: WorkerItem,
  id: string,
  path: JsonPath,
  report: Report,
): WorkerConfig | null {
  if (isDisabled(item.options?.disabled, path, report)) return null;
  for (const name of Object.keys(item.options ?? {}).filter((name) => name !== "disabled")) {
    report.warn([...path, "options", name], "not honoured: it has no meaning for this program");
  }
  if (item.manhole !== undefined)
    report.warn([...path, "manhole"], "not honoured: no console is opened");
  switch (item.type) {
    case "router":
      return normalizeRouter(item, id, path, report);
    case "proxy":
      return normalizeProxy(item, id, path, report, normalizeTransports);
    case "websocket-testee":
      return normalizeTesteeWorker(item, id, path, report);
  }
}

function normalizeTesteeWorker(
  item: Extract<WorkerItem, { type: "websocket-testee" }>,
  id: string,
  path: JsonPath,
  report: Report,
): WorkerConfig | null {
  const at = [...path, "transport"];
  if (report.isMisshapen(at) || !isRecord(item.transport)) return null;
  const transportId = item.transport.id ?? "transport000";
  const transport = normalizeTestee(item.transport, transportId, at, report);
  return { type: "websocket-testee", id, transports: [transport] };
}

function normalizeTestee(
  item: TesteeTransportItem,
  id: string,
  path: JsonPath,
  report: Report,
): WebSocketTesteeTransportConfig {
  const endpoint = normalizeListening(item.endpoint, [...path, "endpoint"], report);
  const written = item.options ?? v.parse(websocketOptions, {});
  const around = { report, endpointType: endpoint.type };
  const options = normalizeWebSocketOptions(written, [...path, "options"], around);
  // What is under test says what it is.
  options.show_server_version = written.show_server_version ?? true;
  return { type: "websocket.testee", id, endpoint, options };
}

function isDisabled(value: unknown, path: JsonPath, report: Report): boolean {
  const variable = typeof value === "string" ? /^\$\{(\w+)\}$/.exec(value)?.[1] : undefined;
  if (variable === undefined) return Boolean(value);
  const setting = report.env[variable]?.toLowerCase();
  if (setting === undefined) {
    report.warn(
      [...path, "options", "disabled"],
      `environment variable ${variable} is not set, so the worker is started`,
    );
  }
  return setting !== undefined && !["", "0", "false", "no", "off"].includes(setting);
}

function normalizeRouter(
  item: Extract<WorkerItem, { type: "router" }>,
  id: string,
  path: JsonPath,
  report: Report,
): WorkerConfig {
  if (Array.isArray(item.components) && item.components.length > 0) {
    report.warn([...path, "components"], "not honoured: no component is run; start it as a client");
  }
  if (item.connections !== undefined) {
    report.warn([...path, "connections"], "not honoured: a router worker opens no connections");
  }
  const realms = normalizeRealms(asList(item.realms), [...path, "realms"], report);
  const rolesUnknown = report.isMisshapen([...path, "realms"]);
  const context = {
    report,
    workerType: "router" as const,
    isRealmKnown: (realm: string) => rolesUnknown || realms.some(({ name }) => name === realm),
    isRoleKnown: (role: string, realm?: string) => rolesUnknown || hasRole(realms, role, realm),
    forkedRealms: [],
    connections: {},
  };
  const transports = normalizeTransports(asList(item.transports), path, context);
  return { type: "router", id, realms, transports };
}

function normalizeRealms(items: RealmItem[], path: JsonPath, report: Report): RealmConfig[] {
  const names = new Set<string>();
  return items.flatMap((item, index) => {
    const at = [...path, index];
    if (report.isMisshapen(at)) return [];
    if (names.has(item.name)) report.fault([...at, "name"], `realm "${item.name}" is given twice`);
    names.add(item.name);
    if (item.options !== undefined && Object.keys(item.options).length > 0) {
      report.warn([...at, "options"], "not honoured: the program's defaults apply");
    }
    if (item.store !== undefined) report.warn([...at, "store"], "not honoured: no event is kept");
    return [{ name: item.name, roles: normalizeRoles(item, at, report) }];
  });
}

function normalizeRoles(realm: RealmItem, path: JsonPath, report: Report): RealmConfig["roles"] {
  const names = new Set<string>();
  return realm.roles.map((role, index) => {
    const at = [...path, "roles", index];
    if (names.has(role.name)) report.fault([...at, "name"], `role "${role.name}" is given twice`);
    names.add(role.name);
    const permissions = role.permissions.map((permission, place): PermissionConfig => {
      if (permission.validate !== undefined) {
        report.warn(
          [...at, "permissions", place, "validate"],
          "not honoured: no payload is checked",
        );
      }
      const nothing = { call: false, register: false, publish: false, subscribe: false };
      const allow = permission.allow ?? nothing;
      const disclose = permission.disclose ?? { caller: false, publisher: false };
      return {
        ...uriMatch(permission.uri, permission.match),
        allow: {
          call: allow.call,
          register: allow.register,
          publish: allow.publish,
          subscribe: allow.subscribe,
        },
        disclose: { caller: disclose.caller, publisher: disclose.publisher },
      };
    });
    return { name: role.name, permissions };
  });
}

/** Without `match`, a star at the end means prefix and an empty component means wildcard. */
function uriMatch(
  uri: string,
  match: PermissionConfig["match"] | undefined,
): Pick<PermissionConfig, "uri" | "match"> {
  if (match !== undefined) return { uri, match };
  if (uri.endsWith("*")) return { uri: uri.slice(0, -1), match: "prefix" };
  return { uri, match: uri.includes("..") ? "wildcard" : "exact" };
}

function normalizeTransports(
  items: TransportItem[],
  workerPath: JsonPath,
  context: WorkerContext,
): TransportConfig[] {
  const { report } = context;
  const ids = new Set<string>();
  return items.flatMap((item, index) => {
    const path = [...workerPath, "transports", index];
    if (report.isMisshapen([...path, "type"]) || !isRecord(item)) return [];
    const id = item.id ?? `transport${String(index).padStart(3, "0")}`;
    if (ids.has(id)) report.fault([...path, "id"], `transport id "${id}" is given twice`);
    ids.add(id);
    const transport = normalizeTransport(item, id, path, context);
    return transport === null ? [] : [transport];
  });
}

function normalizeTransport(
  item: TransportItem,
  id: string,
  path: JsonPath,
  outer: WorkerContext,
): TransportConfig | null {
  const { report } = outer;
  if (item.type === "websocket.testee") {
    return report.isMisshapen(path) ? null : normalizeTestee(item, id, path, report);
  }
  const endpoint = report.isMisshapen([...path, "endpoint"])
    ? null
    : normalizeListening(item.endpoint, [...path, "endpoint"], report);
  const endpointType = item.endpoint?.type === "unix" ? "unix" : "tcp";
  // An endpoint with faults is not blamed for what it might have asked for.
  const asksForCertificate =
    endpoint === null || (endpoint.type === "tcp" && endpoint.tls?.ca_certificates !== undefined);
  const context = { ...outer, transportId: id, endpointType, asksForCertificate } as const;
  if (item.type === "web") {
    warnWebOptions(item.options, [...path, "options"], report);
    const paths = normalizePaths(asMap(item.paths), [...path, "paths"], "", context);
    const limits = normalizeHttpLimits(item, path, context);
    return endpoint && { type: "web", id, endpoint, paths, ...limits };
  }
  if (item.type === "websocket") {
    if (report.isMisshapen(path)) return null;
    const service = normalizeWebSocket(item, path, "", context);
    return endpoint && { ...service, id, endpoint, ...normalizeHttpLimits(item, path, context) };
  }
  if (item.type === "universal") {
    const universal = normalizeUniversal(item, path, context);
    return endpoint && { ...universal, endpoint, ...normalizeHttpLimits(item, path, context) };
  }
  const session = normalizeRawSocket(item, path, context);
  const limits = normalizeLimits(item, path, context);
  return endpoint && session && { type: "rawsocket", id, endpoint, ...limits, ...session };
}

/** The list itself, or an empty one where a fault left something else. */
function asList<T>(value: T[]): T[] {
  return Array.isArray(value) ? value : [];
}
