/**
 * The parts of a transport that clients begin sessions on.
 *
 * @module
 */

import type { SessionConfig } from "#config/options/session-config.ts";
import type {
  WebServiceConfig,
  WebSocketServiceConfig,
} from "#config/web-service/web-service-config.ts";
import type { TransportConfig } from "./transport-config.ts";

/** Every part of a transport that clients begin sessions on. */
export function sessionsOf(transport: TransportConfig): SessionConfig[] {
  switch (transport.type) {
    case "universal": {
      const { rawsocket, mqtt, paths } = transport;
      const parts = [rawsocket, mqtt].filter((one) => one !== null && one !== undefined);
      return [...parts, ...sessionsBelow(paths ?? {})];
    }
    case "web":
      return sessionsBelow(transport.paths);
    case "websocket":
      return sessionsOfWebSocket(transport);
    default:
      return "auth" in transport ? [transport] : [];
  }
}

function sessionsBelow(paths: Record<string, WebServiceConfig>): SessionConfig[] {
  return Object.values(paths).flatMap((service) => {
    if (service.type === "path") return sessionsBelow(service.paths);
    if (service.type === "websocket") return sessionsOfWebSocket(service);
    return service.type === "longpoll" ? [service] : [];
  });
}

function sessionsOfWebSocket(service: WebSocketServiceConfig): SessionConfig[] {
  return service.mqtt === undefined ? [service] : [service, service.mqtt];
}
