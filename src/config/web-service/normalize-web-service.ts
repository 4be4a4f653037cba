/**
 * Normalizes Web services, the items at the paths of a Web transport.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { isFolder, isNameTooLong } from "#base/folder-state.ts";
import { asMap } from "#base/record.ts";
import { readSecret } from "#config/auth/secret.ts";
import { asCidr } from "#config/schema/address-range.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import { normalizeBridge } from "./normalize-bridge.ts";
import { normalizeCatalog } from "./normalize-catalog.ts";
import { normalizeEventStream } from "./normalize-event-stream.ts";
import { normalizeLongPoll } from "./normalize-longpoll.ts";
import { normalizeReverseProxy } from "./normalize-reverse-proxy.ts";
import { normalizeUpload } from "./normalize-upload.ts";
import { normalizeWap } from "./normalize-wap.ts";
import { normalizeWebhook } from "./normalize-webhook.ts";
import { normalizeWebSocket } from "./normalize-websocket.ts";
import { normalizeWebSocketReverseProxy } from "./normalize-websocket-reverse-proxy.ts";
import type {
  ArchiveServiceConfig,
  JsonServiceConfig,
  NodeInfoServiceConfig,
  StaticServiceConfig,
  UnavailableServiceConfig,
  WebServiceConfig,
} from "./web-service-config.ts";
import {
  defaultJsonOptions,
  defaultStaticOptions,
  type WebServiceItem,
} from "./web-service-schema.ts";

/** The normalized services of a tree of paths; a service with faults is left out. */
export function normalizePaths(
  items: Record<string, WebServiceItem>,
  path: JsonPath,
  prefix: string,
  context: TransportContext,
): Record<string, WebServiceConfig> {
  const services: Record<string, WebServiceConfig> = {};
  for (const [name, item] of Object.entries(asMap(items))) {
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
  context: TransportContext,
): WebServiceConfig {
  switch (item.type) {
    case "static":
      return normalizeStatic(item, path, context.report);
    case "archive":
      return normalizeArchive(item, path, context.report);
    case "nodeinfo":
      return normalizeNodeInfo(item, path, context.report);
    case "json":
      return normalizeJson(item, path, context.report);
    case "caller":
    case "publisher":
      return normalizeBridge(item, path, context);
    case "upload":
      return normalizeUpload(item, path, context);
    case "webhook":
      return normalizeWebhook(item, path, context);
    case "reverseproxy":
      return normalizeReverseProxy(item, path, context.report);
    case "websocket-reverseproxy":
      return normalizeWebSocketReverseProxy(item, path, context);
    case "sse":
      return normalizeEventStream(item, path, context);
    case "catalog":
      return normalizeCatalog(item, path, context.report);
    case "wap":
      return normalizeWap(item, path, url, context);
    case "redirect":
      return { type: "redirect", url: item.url };
    case "path": {
      const { paths } = item;
      return { type: "path", paths: normalizePaths(paths, [...path, "paths"], url, context) };
    }
    case "longpoll":
      return normalizeLongPoll(item, path, url, context);
    case "websocket":
    case "websocket-proxy":
      return normalizeWebSocket(item, path, url, context);
    case "cgi":
    case "wsgi":
    case "resource":
      return { type: "unavailable", isPython: true };
    default:
      return { type: "unavailable" };
  }
}

function normalizeNodeInfo(
  item: Extract<WebServiceItem, { type: "nodeinfo" }>,
  path: JsonPath,
  report: Report,
): NodeInfoServiceConfig {
  const { require_ip, token } = item;
  return {
    type: "nodeinfo",
    require_ip: require_ip?.map(asCidr) ?? null,
    token: token === undefined ? null : readSecret(token, [...path, "token"], report),
  };
}

/** Levels are indented as Crossbar's JSON library is told to. */
const PRETTY_INDENT = 3;

function normalizeJson(
  item: Extract<WebServiceItem, { type: "json" }>,
  path: JsonPath,
  report: Report,
): JsonServiceConfig {
  const { prettify, ...options } = item.options ?? defaultJsonOptions;
  const indent = prettify ? PRETTY_INDENT : null;
  return { type: "json", text: report.jsonText([...path, "value"], item.value, indent), options };
}

function normalizeStatic(
  item: Extract<WebServiceItem, { type: "static" }>,
  path: JsonPath,
  report: Report,
): StaticServiceConfig | UnavailableServiceConfig {
  const isPackage = item.package !== undefined || item.resource !== undefined;
  if (item.directory === undefined) {
    if (!isPackage) report.fault([...path, "directory"], "required attribute is missing");
    else
      report.warn(
        path,
        "not honoured: files of a Python package; requests for it are answered with 501",
      );
    return { type: "unavailable" };
  }
  if (isPackage) report.fault(path, 'expected either "directory" or "package" and "resource"');
  const directory = resolve(report.folder, item.directory);
  if (!isFolder(directory)) {
    const sentence = isNameTooLong(directory)
      ? "this name is too long for the system; requests for it are answered with 404"
      : "there is no such directory at present; until there is, requests for it are answered with 404";
    report.warn([...path, "directory"], sentence);
  }
  warnOfSecrets(directory, [...path, "directory"], report);
  const options = item.options ?? defaultStaticOptions;
  const default_file = options.default_file || null;
  return { type: "static", directory, options: { ...options, default_file } };
}

function warnOfSecrets(directory: string, path: JsonPath, report: Report): void {
  const isServed = (folder: string) =>
    !relative(directory, folder)
      .split(sep)
      .some((name) => name.startsWith("."));
  const served = isServed(report.fileFolder) ? "this file" : "the node";
  if (served === "the node" && !isServed(report.folder)) return;
  report.warn(path, `serves the folder of ${served} too, with the secrets that are in it`);
}

function normalizeArchive(
  item: Extract<WebServiceItem, { type: "archive" }>,
  path: JsonPath,
  report: Report,
): ArchiveServiceConfig | UnavailableServiceConfig {
  const archive = resolve(report.folder, item.archive);
  const origin = item.origin ?? null;
  const hashes = item.hashes.map((hash) => hash.toLowerCase());
  const object_prefix = item.object_prefix ? `${item.object_prefix.replace(/\/+$/, "")}/` : "";
  if (!existsSync(archive) && (origin === null || !item.download)) {
    const missing = origin === null ? 'no "origin" is given' : '"download" is not true';
    const state = `Cannot serve "${archive}": no such file, and ${missing}`;
    if (origin === null) report.fault([...path, "archive"], state);
    else report.warn([...path, "archive"], `${state}; requests for it are answered with 501`);
    return { type: "unavailable" };
  }
  if (!existsSync(archive)) report.need([...path, "archive"], { kind: "download", file: archive });
  else if (!statSync(archive).isFile()) {
    report.fault([...path, "archive"], `Cannot serve "${archive}": it is no file`);
  } else {
    report.need([...path, "archive"], {
      kind: "archive",
      file: archive,
      prefix: object_prefix,
      hashes,
    });
  }
  return {
    type: "archive",
    archive,
    origin,
    download: item.download,
    cache: item.cache,
    default_object: item.default_object ?? "",
    object_prefix,
    mime_types: item.mime_types,
    hashes,
    options: {
      default_file: item.options?.default_file || null,
      allow_cross_origin: item.options?.allow_cross_origin ?? false,
    },
  };
}
