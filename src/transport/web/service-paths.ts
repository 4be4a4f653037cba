/**
 * The Web services of a transport by path, nested ones included, and their URLs.
 *
 * @module
 */

import type { WebSocketTesteeTransportConfig } from "#config/transport/testee-config.ts";
import type {
  WebSocketTransportConfig,
  WebTransportConfig,
} from "#config/transport/transport-config.ts";
import type {
  WebServiceConfig,
  WebSocketServiceConfig,
} from "#config/web-service/web-service-config.ts";
import { printAuthority } from "#transport/endpoint/peer-address.ts";
import type { WebSocketPathConfig } from "#transport/websocket/websocket-acceptor.ts";
import type { LeafServiceConfig } from "./path-tree.ts";

/** Transports with a Web server. */
export type WebServerConfig =
  | WebTransportConfig
  | WebSocketTransportConfig
  | WebSocketTesteeTransportConfig;

/** A Web service and its path: `""` for the root, `/files`, `/a/b`. */
interface MountedService {
  path: string;
  config: LeafServiceConfig;
}

/** The paths of a transport; one of type `websocket` has a single service, at its root. */
export function pathsOf(config: WebServerConfig): Record<string, WebServiceConfig> {
  return config.type === "web" ? config.paths : { "/": config };
}

/** Every Web service of a transport. */
export function servicesOf(config: WebServerConfig): MountedService[] {
  return servicesBelow(pathsOf(config), "");
}

/** Every WebSocket with WAMP, and its path. */
export function wampWebSocketsOf(
  server: WebServerConfig,
): { path: string; config: WebSocketServiceConfig }[] {
  return servicesOf(server).flatMap(({ path, config }) =>
    config.type === "websocket" ? [{ path, config }] : [],
  );
}

/** Whether a service takes WebSockets. */
export function isWebSocket(config: WebServiceConfig): config is WebSocketPathConfig {
  return config.type === "websocket" || config.type === "websocket.testee";
}

/** The URLs of a transport's services, `http` before `ws`; `port` is that of a TCP endpoint. */
export function webServerUrls(config: WebServerConfig, port: number | null): string[] {
  const { endpoint } = config;
  const services = servicesOf(config);
  const sockets = services.filter(({ config: { type } }) => type.startsWith("websocket"));
  const pages = services.filter(({ config: { type } }) => !type.startsWith("websocket"));
  if (endpoint.type === "unix") {
    const urls = sockets.map(({ path }) => `ws+unix:${endpoint.path}${path && `:${path}`}`);
    return config.type === "web" ? [`http+unix:${endpoint.path}`, ...urls] : urls;
  }
  const authority = printAuthority(endpoint.interface, port);
  const s = endpoint.tls ? "s" : "";
  return [
    ...pages.map(({ path }) => `http${s}://${authority}${path || "/"}`),
    ...sockets.map(({ path }) => `ws${s}://${authority}${path || "/"}`),
  ];
}

function servicesBelow(paths: Record<string, WebServiceConfig>, above: string): MountedService[] {
  return Object.entries(paths).flatMap(([name, config]) => {
    const path = name === "/" ? above : `${above}/${name}`;
    return config.type === "path" ? servicesBelow(config.paths, path) : [{ path, config }];
  });
}
