/**
 * Normalizes Web services, the items at the paths of a Web transport.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import * as v from "valibot";
import type { AuthItemContext } from "#config/auth/auth-context.ts";
import { normalizeAuth, normalizeSessionAuth } from "#config/auth/normalize-auth.ts";
import { normalizeConnectingTransport } from "#config/connection/normalize-connecting-transport.ts";
import type {
  ArchiveServiceConfig,
  ConnectionConfig,
  StaticServiceConfig,
  WebServiceConfig,
  WebSocketServiceConfig,
} from "#config/node-config.ts";
import {
  normalizeJoining,
  warnOfRouterBuffering,
} from "#config/options/normalize-session-options.ts";
import { normalizeWebSocketOptions } from "#config/options/normalize-websocket-options.ts";
import { websocketOptions } from "#config/options/websocket-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { normalizeBridge } from "./normalize-bridge.ts";
import { normalizeCookie } from "./normalize-cookie.ts";
import type { BridgeItem, PathItem, WebServiceItem, WebSocketItem } from "./web-service-schema.ts";

/** What the rules for services need to know of the enclosing worker and transport. */
export interface ServiceContext extends AuthItemContext {
  report: Report;
  transportId: string;
  /** Connections of the worker, to which those of `backends` are added. */
  connections: Record<string, ConnectionConfig>;
}

/** The normalized services of a tree of paths; a service with faults is left out. */
export function normalizePaths(
  items: Record<string, WebServiceItem>,
  path: JsonPath,
  prefix: string,
  context: ServiceContext,
): Record<string, WebServiceConfig> {
  const services: Record<string, WebServiceConfig> = {};
  if (typeof items !== "object" || items === null || Array.isArray(items)) return services;
  for (const [name, item] of Object.entries(items)) {
    const at = [...path, name];
    const url = `${prefix}/${name === "/" ? "" : name}`;
    // The sound services of a nested tree with faults are still normalized, for their own warnings.
    if (item?.type !== "path" && context.report.isMalformed(at)) continue;
    services[name] = normalizeService(item, at, url, context);
  }
  return services;
}

function normalizeService(
  item: WebServiceItem,
  path: JsonPath,
  url: string,
  context: ServiceContext,
): WebServiceConfig {
  switch (item.type) {
    case "static":
      return normalizeStatic(item, path, context.report);
    case "archive":
      return normalizeArchive(item, path, context.report);
    case "nodeinfo":
      return { type: "nodeinfo" };
    case "json":
      return { type: "json", value: item.value };
    case "caller":
    case "publisher":
      return normalizeBridge(item as BridgeItem, path, context);
    case "redirect":
      return { type: "redirect", url: item.url };
    case "path": {
      const { paths } = item as PathItem;
      return { type: "path", paths: normalizePaths(paths, [...path, "paths"], url, context) };
    }
    case "websocket":
    case "websocket-proxy":
      return normalizeWebSocket(item as WebSocketItem, path, url, context);
    default:
      return { type: "unavailable" };
  }
}

/** The normalized WebSocket, of a path or of a transport that is nothing else. */
export function normalizeWebSocket(
  item: WebSocketItem,
  path: JsonPath,
  url: string,
  context: ServiceContext,
): WebSocketServiceConfig {
  const { report } = context;
  const options = item.options ?? v.parse(websocketOptions, {});
  warnOfRouterBuffering(options, [...path, "options"], context);
  const common = {
    type: "websocket" as const,
    serializers: item.serializers,
    ...normalizeCookie(item.cookie, [...path, "cookie"], report),
    options: normalizeWebSocketOptions(options, context.endpointType),
    joining: normalizeJoining(options, [...path, "options"], context),
  };
  const here = {
    ...context,
    ...(item.cookie === undefined ? {} : { cookieOrigins: options.allowed_origins }),
  };
  if (item.type === "websocket") {
    const auth = normalizeSessionAuth(item.auth, authPath(item, path), here, report);
    return { ...common, auth, backend: null };
  }
  const backend = addBackend(item, path, url, context);
  // The one backend serves every realm and role: none can be without a route.
  const around = { ...here, isRoleKnown: () => true, isRealmKnown: () => true };
  const auth =
    item.auth === undefined || item.auth === "passthrough"
      ? ("passthrough" as const)
      : normalizeAuth(item.auth, [...path, "auth"], around, report);
  return { ...common, auth, backend };
}

/** The path of `auth`; of the item itself where it has none. */
export function authPath(item: { auth?: unknown }, path: JsonPath): JsonPath {
  return item.auth === undefined ? path : [...path, "auth"];
}

function addBackend(
  item: WebSocketItem,
  path: JsonPath,
  url: string,
  context: ServiceContext,
): string {
  const { report, transportId, connections } = context;
  const id = `${transportId}${url}`;
  if (context.workerType === "router") {
    report.fault([...path, "type"], 'path type "websocket-proxy" is for proxy workers');
    return id;
  }
  const backend = item.backends?.[0];
  if (backend === undefined) return id;
  const at = [...path, "backends", 0];
  const isVouching = item.auth !== undefined && item.auth !== "passthrough";
  if (isVouching && backend.endpoint.type !== "unix") {
    report.fault(
      [...at, "endpoint"],
      "the proxy is trusted (anonymous-proxy) over a Unix socket only; use a unix endpoint, or leave out auth",
    );
  }
  if (Object.hasOwn(connections, id)) {
    report.fault(path, `this backend needs the connection id "${id}", which is taken`, true);
  }
  const transport = normalizeConnectingTransport(backend, at, report);
  connections[id] = { id, transport, auth: "anonymous-proxy" };
  return id;
}

function normalizeStatic(
  item: Extract<WebServiceItem, { type: "static" }>,
  path: JsonPath,
  report: Report,
): StaticServiceConfig {
  const directory = resolve(report.folder, item.directory);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    report.fault([...path, "directory"], `Cannot serve "${directory}": no such directory`);
  }
  const inside = relative(directory, report.folder);
  if (!inside.split(sep).some((name) => name.startsWith("."))) {
    report.warn(
      [...path, "directory"],
      "serves the folder of this file too, with the secrets that are in it",
    );
  }
  const options = item.options;
  return {
    type: "static",
    directory,
    options: {
      enable_directory_listing: options?.enable_directory_listing ?? false,
      mime_types: options?.mime_types ?? {},
      cache_timeout: options === undefined ? 43_200 : options.cache_timeout,
      default_file: options?.default_file ?? null,
    },
  };
}

function normalizeArchive(
  item: Extract<WebServiceItem, { type: "archive" }>,
  path: JsonPath,
  report: Report,
): ArchiveServiceConfig {
  const archive = resolve(report.folder, item.archive);
  const origin = item.origin ?? null;
  if (!existsSync(archive) && (origin === null || !item.download)) {
    const missing = origin === null ? 'no "origin" is given' : '"download" is not true';
    report.fault([...path, "archive"], `Cannot serve "${archive}": no such file, and ${missing}`);
  }
  return {
    type: "archive",
    archive,
    origin,
    download: item.download,
    cache: item.cache,
    default_object: item.default_object ?? null,
    object_prefix: item.object_prefix ?? null,
    mime_types: item.mime_types,
    hashes: item.hashes.map((hash) => hash.toLowerCase()),
  };
}
