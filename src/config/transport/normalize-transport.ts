/**
 * Normalizes listening transports. A transport with faults is left out, and the others are still checked,
 * so that all faults are reported at once.
 *
 * @module
 */

import { asList, isRecord, textOr } from "#base/record.ts";
import { normalizeListening } from "#config/endpoint/normalize-endpoint.ts";
import { normalizeMqtt } from "#config/mqtt/normalize-mqtt.ts";
import { normalizeHttpLimits, normalizeLimits } from "#config/options/normalize-limits.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { checkCookieLogins } from "#config/web-service/cookie-login-rules.ts";
import { normalizePaths } from "#config/web-service/normalize-web-service.ts";
import { normalizeWebSocket } from "#config/web-service/normalize-websocket.ts";
import { normalizeRawSocket } from "./normalize-rawsocket.ts";
import { normalizeTestee } from "./normalize-testee.ts";
import { normalizeUniversal } from "./normalize-universal.ts";
import { normalizeWebOptions } from "./normalize-web-options.ts";
import type { TransportConfig } from "./transport-config.ts";
import type { WorkerContext } from "./transport-context.ts";
import { isOffered, type TransportItem } from "./transport-schema.ts";
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
  const address = endpoint?.type === "unix" ? endpoint.path : String(endpoint?.port ?? "");
  const place = { transportId: id, endpointType, address } as const;
  const context = { ...outer, ...place, asksForCertificate } as const;
  switch (item.type) {
    case "web": {
      const paths = normalizePaths(item.paths, [...path, "paths"], "", context);
      checkCookieLogins(paths, [...path, "paths"], report);
      const limits = normalizeHttpLimits(item, path, context);
      const options = normalizeWebOptions(item.options, [...path, "options"], endpoint, report);
      return endpoint && { type: "web", id, endpoint, paths, ...options, ...limits };
    }
    case "websocket": {
      if (report.isMalformed(path)) return null;
      const service = normalizeWebSocket(item, path, "", context);
      return endpoint && { ...service, id, endpoint, ...normalizeHttpLimits(item, path, context) };
    }
    case "universal": {
      const universal = normalizeUniversal(item, path, context);
      const limits = normalizeHttpLimits(item, path, context);
      const at = [...path, "web", "options"];
      const options = normalizeWebOptions(item.web?.options, at, endpoint, report);
      return endpoint && { ...universal, endpoint, ...options, ...limits };
    }
    case "mqtt": {
      if (report.isMalformed(path)) return null;
      const service = normalizeMqtt(item, path, context);
      const limits = normalizeLimits(item, path, context);
      return endpoint && { type: "mqtt", id, endpoint, ...limits, ...service };
    }
    case "rawsocket": {
      const session = normalizeRawSocket(item, path, context);
      const limits = normalizeLimits(item, path, context);
      return endpoint && session && { type: "rawsocket", id, endpoint, ...limits, ...session };
    }
  }
}
