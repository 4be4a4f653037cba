/**
 * One Bun server per endpoint: requests go to the services at its paths.
 *
 * @module
 */

import { chmodSync } from "node:fs";
import { sentenceOf } from "#base/failure.ts";
import type {
  WebServiceConfig,
  WebSocketTesteeTransportConfig,
  WebSocketTransportConfig,
  WebTransportConfig,
} from "#config/node-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import type { WebSocketPathConfig } from "#transport/websocket/websocket-acceptor.ts";
import type { HttpBridge } from "./bridge/http-bridge.ts";
import { errorPage } from "./error-page.ts";
import { PathTree } from "./path-tree.ts";
import { openWebService } from "./services/service-registry.ts";
import { openWebSocketService } from "./services/websocket.ts";

/**
 * Time after which a request or an answer that does not move is given up. Bun takes it for Unix sockets
 * too, though its types do not name it there.
 */
const stallTimeout: object = { idleTimeout: 30 };

/** No service reads a body; what a client sends nevertheless stays small. */
const largestBodyOctets = 64 * 1024;

const OWNER_ONLY = 0o600;

/** Transports that have a Web server. */
export type WebServerConfig =
  | WebTransportConfig
  | WebSocketTransportConfig
  | WebSocketTesteeTransportConfig;

type Paths = Record<string, WebServiceConfig>;

/** The Web server of a transport; nobody but its front door reaches it. */
export interface WebServer {
  /** How a request may become a WebSocket; null when it is for another service, or none. */
  webSocketFor(request: Request): WebSocketPathConfig | null;
  /** The bridge that a request is for; null when it is for another service, or none. */
  bridgeFor(request: Request): HttpBridge | null;
  /** Ends every request and every service. */
  close(): Promise<void>;
}

/**
 * Starts the Web server of a transport of type `web`, `websocket` or `universal` on a private socket.
 *
 * @throws Failure when a service cannot be opened.
 */
export async function startWebServer(
  config: WebServerConfig,
  unix: string,
  context: TransportContext,
): Promise<WebServer> {
  const tree = await PathTree.open(pathsOf(config), (service) =>
    isWebSocket(service) ? openWebSocketService(service) : openWebService(service, context),
  );
  // A request at a bridge has to be the first of its connection, so that no other may follow one.
  const isLast = hasBridge(pathsOf(config));
  const server = Bun.serve({
    unix,
    ...stallTimeout,
    development: false,
    maxRequestBodySize: largestBodyOctets,
    fetch: (request: Request) => (isLast ? closing(tree.handle(request)) : tree.handle(request)),
    error(thrown: unknown) {
      context.log.error("request failed", { error: sentenceOf(thrown) });
      return errorPage(500);
    },
  });
  const serviceFor = (request: Request) => {
    const path = URL.parse(request.url)?.pathname;
    return path === undefined ? undefined : tree.find(path)?.service;
  };
  if (!unix.startsWith("\0")) chmodSync(unix, OWNER_ONLY);
  return {
    webSocketFor: (request) => serviceFor(request)?.webSocket ?? null,
    bridgeFor: (request) => serviceFor(request)?.bridge ?? null,
    async close() {
      const stopped = server.stop(true);
      tree.close();
      await stopped;
    },
  };
}

function hasBridge(paths: Paths): boolean {
  return Object.values(paths).some((config) =>
    config.type === "path"
      ? hasBridge(config.paths)
      : config.type === "caller" || config.type === "publisher",
  );
}

/** The same answer, behind which the connection is closed. */
function closing(answer: Response | Promise<Response>): Response | Promise<Response> {
  if (answer instanceof Promise) return answer.then(closing);
  answer.headers.set("Connection", "close");
  return answer;
}

function isWebSocket(config: WebServiceConfig): config is WebSocketPathConfig {
  return config.type === "websocket" || config.type === "websocket.testee";
}

function pathsOf(config: WebServerConfig): Paths {
  return config.type === "web" ? config.paths : { "/": config };
}

interface WebSocketAt {
  path: string;
  config: WebSocketPathConfig;
}

/** All WebSocket paths, nested ones included. */
function webSocketsBelow(paths: Paths, above: string): WebSocketAt[] {
  return Object.entries(paths).flatMap(([name, config]) => {
    const path = name === "/" ? above : `${above}/${name}`;
    if (config.type === "path") return webSocketsBelow(config.paths, path);
    return isWebSocket(config) ? [{ path, config }] : [];
  });
}

/** The paths of all Web services that are no WebSockets. */
function pagePaths(paths: Record<string, WebServiceConfig>, prefix = ""): string[] {
  return Object.entries(paths).flatMap(([name, config]) => {
    const path = name === "/" ? prefix : `${prefix}/${name}`;
    if (config.type === "path") return pagePaths(config.paths, path);
    return isWebSocket(config) ? [] : [path || "/"];
  });
}

/** Where the services of a transport are reached; `port` is that of a TCP endpoint. */
export function webServerUrls(config: WebServerConfig, port: number | null): string[] {
  const { endpoint } = config;
  const sockets = webSocketsBelow(pathsOf(config), "");
  if (endpoint.type === "unix") {
    const urls = sockets.map(({ path }) => `ws+unix:${endpoint.path}${path && `:${path}`}`);
    return config.type === "web" ? [`http+unix:${endpoint.path}`, ...urls] : urls;
  }
  const { interface: address, tls } = endpoint;
  const place = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const urls = sockets.map(({ path }) => `${tls ? "wss" : "ws"}://${place}${path || "/"}`);
  if (config.type !== "web") return urls;
  const pages = pagePaths(config.paths).map(
    (path) => `${tls ? "https" : "http"}://${place}${path}`,
  );
  return [...pages, ...urls];
}
