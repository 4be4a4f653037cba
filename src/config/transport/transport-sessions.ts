/**
 * The parts of a transport that clients begin sessions on.
 *
 * @module
 */

import type { SessionConfig } from "#config/options/session-config.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import type { TransportConfig } from "./transport-config.ts";

/** Every part of a transport that clients begin sessions on. */
export function sessionsOf(transport: TransportConfig): SessionConfig[] {
  switch (transport.type) {
    case "universal": {
      const { rawsocket, paths } = transport;
      return [...(rawsocket === null ? [] : [rawsocket]), ...sessionsBelow(paths ?? {})];
    }
    case "web":
      return sessionsBelow(transport.paths);
    default:
      return "auth" in transport ? [transport] : [];
  }
}

function sessionsBelow(paths: Record<string, WebServiceConfig>): SessionConfig[] {
  return Object.values(paths).flatMap((service) => {
    if (service.type === "path") return sessionsBelow(service.paths);
    return service.type === "websocket" || service.type === "longpoll" ? [service] : [];
  });
}
