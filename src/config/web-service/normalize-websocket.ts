/**
 * Normalizes WebSockets, of a path or of a transport that is nothing else.
 *
 * @module
 */

import { authPath, normalizeAuth, normalizeSessionAuth } from "#config/auth/normalize-auth.ts";
import { normalizeConnectingTransport } from "#config/connection/normalize-connecting-transport.ts";
import { normalizeMqtt } from "#config/mqtt/normalize-mqtt.ts";
import {
  normalizeJoining,
  warnOfRouterOptions,
} from "#config/options/normalize-session-options.ts";
import { normalizeWebSocketOptions } from "#config/options/normalize-websocket-options.ts";
import { defaultWebSocketOptions } from "#config/options/websocket-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { acceptedSerializers } from "#config/transport/accepted-serializers.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import { normalizeCookie } from "./normalize-cookie.ts";
import type { WebSocketServiceConfig } from "./web-service-config.ts";
import type { WebSocketItem } from "./web-service-schema.ts";

/** The normalized WebSocket; `url` is its path, which names the connection of a backend. */
export function normalizeWebSocket(
  item: WebSocketItem,
  path: JsonPath,
  url: string,
  context: TransportContext,
): WebSocketServiceConfig {
  const { report } = context;
  const options = item.options ?? defaultWebSocketOptions;
  warnOfRouterOptions(options, [...path, "options"], context);
  const common = {
    type: "websocket" as const,
    serializers: acceptedSerializers(item.serializers, path, report),
    ...normalizeCookie(item.cookie, [...path, "cookie"], report),
    options: normalizeWebSocketOptions(options, context.endpointType),
    joining: normalizeJoining(options, [...path, "options"], context),
    ...(item.mqtt && { mqtt: normalizeMqtt(item.mqtt, [...path, "mqtt"], context) }),
  };
  const inner = {
    ...context,
    ...(item.cookie === undefined ? {} : { cookieOrigins: options.allowed_origins }),
  };
  if (item.type === "websocket") {
    const auth = normalizeSessionAuth(item.auth, authPath(item, path), inner);
    return { ...common, auth, backend: null };
  }
  const backend = addBackend(item, path, url, context);
  return { ...common, auth: normalizeBackendAuth(item, path, inner), backend };
}

/** The one backend serves every realm and role: none can be without a route. */
function normalizeBackendAuth(
  { auth }: WebSocketItem,
  path: JsonPath,
  context: TransportContext,
): WebSocketServiceConfig["auth"] {
  if (auth === undefined || auth === "passthrough") return "passthrough";
  const known = { isRoleKnown: () => true, isRealmKnown: () => true };
  return normalizeAuth(auth, [...path, "auth"], { ...context, ...known });
}

function addBackend(
  item: WebSocketItem,
  path: JsonPath,
  url: string,
  context: TransportContext,
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
  const auth = backend.endpoint.type === "unix" ? "anonymous-proxy" : null;
  connections[id] = { id, transport, auth };
  return id;
}
