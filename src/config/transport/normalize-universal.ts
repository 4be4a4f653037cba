/**
 * Universal transports, and the parts that they share with transports of one protocol: from what is
 * written to the normalized form.
 *
 * @module
 */

import * as v from "valibot";
import { asMap, isRecord } from "#base/record.ts";
import { normalizeSessionAuth } from "#config/auth/normalize-auth.ts";
import { warnBuffering } from "#config/connection/normalize-connection.ts";
import type {
  RawSocketOptions,
  SessionConfig,
  UniversalTransportConfig,
  WebServiceConfig,
} from "#config/node-config.ts";
import { normalizeJoining } from "#config/options/normalize-joining.ts";
import { normalizeKeepalive } from "#config/options/normalize-keepalive.ts";
import { toldByClose } from "#config/options/normalize-websocket-options.ts";
import { rawsocketOptions } from "#config/options/websocket-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import {
  authPath,
  normalizePaths,
  normalizeWebSocket,
  type ServiceContext,
} from "#config/web-service/normalize-web-service.ts";
import type { RawSocketItem, UniversalItem } from "./transport-schema.ts";

/** The normalized universal transport; parts with faults are left out. */
export function normalizeUniversal(
  item: UniversalItem,
  path: JsonPath,
  context: ServiceContext,
): Omit<UniversalTransportConfig, "endpoint"> {
  const { report, transportId } = context;
  const { rawsocket, websocket, web } = item;
  if (rawsocket === undefined && websocket === undefined && web === undefined) {
    report.warn(path, 'none of "rawsocket", "websocket" and "web" is given: nobody can connect');
  }
  const at = [...path, "rawsocket"];
  const hasRawSocket = rawsocket !== undefined && !report.isMisshapen(at);
  return {
    type: "universal",
    id: transportId,
    rawsocket: hasRawSocket ? normalizeRawSocket(rawsocket, at, context) : null,
    paths: websocket || web ? normalizeUniversalPaths(item, path, context) : null,
  };
}

/** Web services and WebSockets in one tree; at one place the WebSocket wins, as in Crossbar. */
function normalizeUniversalPaths(
  { websocket, web }: UniversalItem,
  path: JsonPath,
  context: ServiceContext,
): Record<string, WebServiceConfig> {
  const { report } = context;
  if (web !== undefined) warnWebOptions(web.options, [...path, "web", "options"], report);
  const paths = normalizePaths(web?.paths ?? {}, [...path, "web", "paths"], "", context);
  for (const [name, socket] of Object.entries(asMap(websocket ?? {}))) {
    const at = [...path, "websocket", name];
    if (report.isMisshapen(at)) continue;
    if (Object.hasOwn(paths, name)) {
      const sentence = `not reachable: "websocket" has the path "${name}" too`;
      report.warn([...path, "web", "paths", name], sentence);
    }
    const url = `/${name === "/" ? "" : name}`;
    paths[name] = normalizeWebSocket(socket, at, url, context);
  }
  return paths;
}

/** The normalized RawSocket part of a transport, or null for one whose `auth` has faults. */
export function normalizeRawSocket(
  item: RawSocketItem,
  path: JsonPath,
  context: ServiceContext,
): (SessionConfig & { options: RawSocketOptions }) | null {
  const options = item.options ?? v.parse(rawsocketOptions, {});
  warnBuffering(options, [...path, "options"], context, context.report);
  if (item.auth !== undefined && item.auth !== "passthrough" && !isRecord(item.auth)) return null;
  const auth = normalizeSessionAuth(item.auth, authPath(item, path), context, context.report);
  const { max_message_size, max_buffered, stall_timeout } = options;
  const { message_timeout, max_incomplete } = options;
  const sizes = { max_message_size, max_buffered, stall_timeout, message_timeout, max_incomplete };
  return {
    serializers: item.serializers,
    auth,
    backend: null,
    options: {
      ...sizes,
      ...normalizeKeepalive(options, 0),
      ...toldByClose(options),
    },
    joining: normalizeJoining(options, [...path, "options"], context),
  };
}

const webOptions: Record<string, string> = {
  access_log: "no access log is written",
  display_tracebacks: "no traceback is shown to clients",
  hsts: "no Strict-Transport-Security header is sent",
  client_timeout: "the program's own timeouts apply",
};

/** Warns of the options of Web transports that are accepted and not honoured. */
export function warnWebOptions(
  options: Record<string, unknown> | undefined,
  path: JsonPath,
  report: Report,
): void {
  for (const [name, consequence] of Object.entries(webOptions)) {
    if (options?.[name]) report.warn([...path, name], `not honoured: ${consequence}`);
  }
}
