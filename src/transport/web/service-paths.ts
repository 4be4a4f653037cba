/**
 * The Web services of a transport by path, nested ones included, and the URLs of each.
 *
 * @module
 */

import type {
  WebServiceConfig,
  WebSocketServiceConfig,
  WebSocketTesteeTransportConfig,
  WebSocketTransportConfig,
  WebTransportConfig,
} from "#config/node-config.ts";
import type { WebSocketPathConfig } from "#transport/websocket/websocket-acceptor.ts";
import type { LeafServiceConfig } from "./path-tree.ts";

/** Transports that have a Web server. */
export type WebServerConfig =
  | WebTransportConfig
  | WebSocketTransportConfig
  | WebSocketTesteeTransportConfig;

/** A Web service and where it is: `""` for the root, `/files`, `/a/b`. */
interface PlacedService {
  path: string;
  config: LeafServiceConfig;
}

/** The paths of a transport; one of type `websocket` has a single service, at its root. */
export function pathsOf(config: WebServerConfig): Record<string, WebServiceConfig> {
  return config.type === "web" ? config.paths : { "/": config };
}

/** Every Web service of a transport. */
export function servicesOf(config: WebServerConfig): PlacedService[] {
  return servicesBelow(pathsOf(config), "");
}

/** Every WebSocket path that speaks WAMP. */
export function wampWebSocketsOf(config: WebServerConfig): WebSocketServiceConfig[] {
  return servicesOf(config).flatMap((service) =>
    service.config.type === "websocket" ? [service.config] : [],
  );
}

/** Whether a service takes WebSockets. */
export function isWebSocket(config: WebServiceConfig): config is WebSocketPathConfig {
  return config.type === "websocket" || config.type === "websocket.testee";
}

/** The URLs of a transport's services, those of pages first; `port` is that of a TCP endpoint. */
export function webServerUrls(config: WebServerConfig, port: number | null): string[] {
  const { endpoint } = config;
  const services = servicesOf(config);
  const sockets = services.filter((service) => isWebSocket(service.config));
  const pages = services.filter((service) => !isWebSocket(service.config));
  if (endpoint.type === "unix") {
    const urls = sockets.map(({ path }) => `ws+unix:${endpoint.path}${path && `:${path}`}`);
    return config.type === "web" ? [`http+unix:${endpoint.path}`, ...urls] : urls;
  }
  const { interface: address, tls } = endpoint;
  const authority = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const s = tls ? "s" : "";
  return [
    ...pages.map(({ path }) => `http${s}://${authority}${path || "/"}`),
    ...sockets.map(({ path }) => `ws${s}://${authority}${path || "/"}`),
  ];
}

function servicesBelow(paths: Record<string, WebServiceConfig>, above: string): PlacedService[] {
  return Object.entries(paths).flatMap(([name, config]) => {
    const path = name === "/" ? above : `${above}/${name}`;
    return config.type === "path" ? servicesBelow(config.paths, path) : [{ path, config }];
  });
}
