/**
 * Normalizes universal transports: RawSocket, MQTT, and Web services and WebSockets in one tree of paths.
 *
 * @module
 */

import { asMap } from "#base/record.ts";
import { normalizeMqtt } from "#config/mqtt/normalize-mqtt.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { checkCookieLogins } from "#config/web-service/cookie-login-rules.ts";
import { normalizePaths } from "#config/web-service/normalize-web-service.ts";
import { normalizeWebSocket } from "#config/web-service/normalize-websocket.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import { normalizeRawSocket } from "./normalize-rawsocket.ts";
import type { UniversalTransportConfig } from "./transport-config.ts";
import type { TransportContext } from "./transport-context.ts";
import type { UniversalItem } from "./transport-schema.ts";

/** The normalized universal transport; parts with faults are left out. */
export function normalizeUniversal(
  item: UniversalItem,
  path: JsonPath,
  context: TransportContext,
): Omit<UniversalTransportConfig, "endpoint"> {
  const { report, transportId } = context;
  const { rawsocket, websocket, web, mqtt } = item;
  if ([rawsocket, websocket, web, mqtt].every((part) => part === undefined)) {
    const sentence = 'none of "rawsocket", "websocket", "web" and "mqtt" is given';
    report.warn(path, `${sentence}: nobody can connect`);
  }
  const at = [...path, "rawsocket"];
  const hasMqtt = mqtt !== undefined && !report.isMalformed([...path, "mqtt"]);
  const hasRawSocket = rawsocket !== undefined && !report.isMalformed(at);
  return {
    type: "universal",
    id: transportId,
    rawsocket: hasRawSocket ? normalizeRawSocket(rawsocket, at, context) : null,
    paths: websocket || web ? normalizeUniversalPaths(item, path, context) : null,
    ...(hasMqtt && { mqtt: normalizeMqtt(mqtt, [...path, "mqtt"], context) }),
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
  checkCookieLogins(paths, [...path, "web", "paths"], report);
  return paths;
}
