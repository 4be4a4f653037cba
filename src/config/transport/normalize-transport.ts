/**
 * Normalizes listening transports. A transport with faults is left out, and the others are still checked,
 * so that all faults are reported at once.
 *
 * @module
 */

import * as v from "valibot";
import { asMap, isRecord, textOr } from "#base/record.ts";
import { normalizeSessionAuth } from "#config/auth/normalize-auth.ts";
import { normalizeListening } from "#config/endpoint/normalize-endpoint.ts";
import type {
  RawSocketOptions,
  SessionConfig,
  TransportConfig,
  UniversalTransportConfig,
  WebServiceConfig,
  WebSocketTesteeTransportConfig,
} from "#config/node-config.ts";
import { normalizeHttpLimits, normalizeLimits } from "#config/options/normalize-limits.ts";
import { normalizeRawSocketOptions } from "#config/options/normalize-rawsocket-options.ts";
import {
  normalizeJoining,
  warnOfRouterBuffering,
} from "#config/options/normalize-session-options.ts";
import { normalizeWebSocketOptions } from "#config/options/normalize-websocket-options.ts";
import { rawsocketOptions } from "#config/options/rawsocket-options-schema.ts";
import { websocketOptions } from "#config/options/websocket-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { normalizePaths } from "#config/web-service/normalize-web-service.ts";
import { authPath, normalizeWebSocket } from "#config/web-service/normalize-websocket.ts";
import { acceptedSerializers } from "./accepted-serializers.ts";
import type { TransportContext, WorkerContext } from "./transport-context.ts";
import {
  isOffered,
  type RawSocketItem,
  type TesteeTransportItem,
  type TransportItem,
  type UniversalItem,
} from "./transport-schema.ts";
import { sessionsOf } from "./transport-sessions.ts";

/** The normalized `transports` of a worker. */
export function normalizeTransports(
  items: TransportItem[],
  workerPath: JsonPath,
  context: WorkerContext,
): TransportConfig[] {
  const { report } = context;
  const ids = new Set<string>();
  return asList(items).flatMap((item, index) => {
    const path = [...workerPath, "transports", index];
    if (report.isMalformed([...path, "type"]) || !isRecord(item)) return [];
    const id = textOr(item.id, defaultTransportId(index));
    if (ids.has(id)) report.fault([...path, "id"], `transport id "${id}" is given twice`);
    ids.add(id);
    const transport = normalizeTransport(item, id, path, context);
    if (transport === null) return [];
    warnOfCertificates(transport, [...path, "endpoint"], report);
    return [transport];
  });
}

/** Certificates are asked of all clients; where none joins without one, that is meant. */
function warnOfCertificates(transport: TransportConfig, path: JsonPath, report: Report): void {
  const { endpoint } = transport;
  if (endpoint.type !== "tcp" || endpoint.tls?.ca_certificates === undefined) return;
  const sessions = sessionsOf(transport);
  if (sessions.length > 0 && sessions.every(needsCertificate)) return;
  const sentence = "clients without a certificate of one of these authorities cannot connect";
  report.warn([...path, "tls", "ca_certificates"], sentence);
}

/** A cookie is of use only to clients that have joined with a certificate. */
function needsCertificate({ auth }: SessionConfig): boolean {
  const methods = auth === "passthrough" ? [] : Object.keys(auth);
  return methods.includes("tls") && methods.every((name) => name === "tls" || name === "cookie");
}

/** The id of a transport without one, by its index: `transport000` and so on, as in Crossbar. */
export function defaultTransportId(index: number): string {
  return `transport${String(index).padStart(3, "0")}`;
}

/** The list; an empty list where a malformed file has another value. */
export function asList<T>(value: T[]): T[] {
  return Array.isArray(value) ? value : [];
}

/** The normalized testee, of a transport or of a worker that is nothing else. */
export function normalizeTestee(
  item: TesteeTransportItem,
  id: string,
  path: JsonPath,
  report: Report,
): WebSocketTesteeTransportConfig {
  const endpoint = normalizeListening(item.endpoint, [...path, "endpoint"], report);
  const written = item.options ?? v.parse(websocketOptions, {});
  const options = normalizeWebSocketOptions(written, endpoint.type);
  // A program under test names itself and its release.
  options.show_server_version = written.show_server_version ?? true;
  return { type: "websocket.testee", id, endpoint, options };
}

function normalizeTransport(
  item: TransportItem,
  id: string,
  path: JsonPath,
  outer: WorkerContext,
): TransportConfig | null {
  const { report } = outer;
  // `warnUnhonoured` has named it.
  if (!isOffered(item)) return null;
  if (item.type === "websocket.testee") {
    return report.isMalformed(path) ? null : normalizeTestee(item, id, path, report);
  }
  const endpoint = report.isMalformed([...path, "endpoint"])
    ? null
    : normalizeListening(item.endpoint, [...path, "endpoint"], report);
  const endpointType = item.endpoint?.type === "unix" ? "unix" : "tcp";
  // An endpoint with faults may have been meant to ask for certificates.
  const asksForCertificate =
    endpoint === null || (endpoint.type === "tcp" && endpoint.tls?.ca_certificates !== undefined);
  const context = { ...outer, transportId: id, endpointType, asksForCertificate } as const;
  switch (item.type) {
    case "web": {
      const paths = normalizePaths(asMap(item.paths), [...path, "paths"], "", context);
      const limits = normalizeHttpLimits(item, path, context);
      return endpoint && { type: "web", id, endpoint, paths, ...limits };
    }
    case "websocket": {
      if (report.isMalformed(path)) return null;
      const service = normalizeWebSocket(item, path, "", context);
      return endpoint && { ...service, id, endpoint, ...normalizeHttpLimits(item, path, context) };
    }
    case "universal": {
      const universal = normalizeUniversal(item, path, context);
      return endpoint && { ...universal, endpoint, ...normalizeHttpLimits(item, path, context) };
    }
    case "rawsocket": {
      const session = normalizeRawSocket(item, path, context);
      const limits = normalizeLimits(item, path, context);
      return endpoint && session && { type: "rawsocket", id, endpoint, ...limits, ...session };
    }
  }
}

/** The normalized RawSocket part of a transport, or null for one whose `auth` has faults. */
function normalizeRawSocket(
  item: RawSocketItem,
  path: JsonPath,
  context: TransportContext,
): (SessionConfig & { options: RawSocketOptions }) | null {
  const options = item.options ?? v.parse(rawsocketOptions, {});
  const at = [...path, "options"];
  warnOfRouterBuffering(options, at, context);
  if (item.auth !== undefined && item.auth !== "passthrough" && !isRecord(item.auth)) return null;
  return {
    serializers: acceptedSerializers(item.serializers, path, context.report),
    auth: normalizeSessionAuth(item.auth, authPath(item, path), context),
    backend: null,
    options: normalizeRawSocketOptions(options),
    joining: normalizeJoining(options, at, context),
  };
}

/** The normalized universal transport; parts with faults are left out. */
function normalizeUniversal(
  item: UniversalItem,
  path: JsonPath,
  context: TransportContext,
): Omit<UniversalTransportConfig, "endpoint"> {
  const { report, transportId } = context;
  const { rawsocket, websocket, web } = item;
  if (rawsocket === undefined && websocket === undefined && web === undefined) {
    report.warn(path, 'none of "rawsocket", "websocket" and "web" is given: nobody can connect');
  }
  const at = [...path, "rawsocket"];
  const hasRawSocket = rawsocket !== undefined && !report.isMalformed(at);
  return {
    type: "universal",
    id: transportId,
    rawsocket: hasRawSocket ? normalizeRawSocket(rawsocket, at, context) : null,
    paths: websocket || web ? normalizeUniversalPaths(item, path, context) : null,
  };
}

/** Web services and WebSockets in one tree; of two with one path the WebSocket is kept, as in Crossbar. */
function normalizeUniversalPaths(
  { websocket, web }: UniversalItem,
  path: JsonPath,
  context: TransportContext,
): Record<string, WebServiceConfig> {
  const { report } = context;
  const paths = normalizePaths(web?.paths ?? {}, [...path, "web", "paths"], "", context);
  for (const [name, socket] of Object.entries(asMap(websocket ?? {}))) {
    const at = [...path, "websocket", name];
    if (report.isMalformed(at)) continue;
    if (Object.hasOwn(paths, name)) {
      const sentence = `not reachable: "websocket" has the path "${name}" too`;
      report.warn([...path, "web", "paths", name], sentence);
    }
    const url = `/${name === "/" ? "" : name}`;
    paths[name] = normalizeWebSocket(socket, at, url, context);
  }
  return paths;
}
