/**
 * One Bun server per endpoint: requests go to the services at its paths, WebSocket events to peers.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { Failure, sentenceOf } from "#base/failure.ts";
import type {
  ListeningEndpointConfig,
  ListeningTcpConfig,
  WebServiceConfig,
  WebSocketServiceConfig,
  WebSocketTransportConfig,
  WebTransportConfig,
} from "#config/node-config.ts";
import { printEndpoint, printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import { openUnixSocket } from "#transport/endpoint/unix-socket-file.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "#transport/listener.ts";
import { webSocketServeOptions } from "#transport/websocket/serve-options.ts";
import { type WebSocketData, WebSocketPeer } from "#transport/websocket/websocket-peer.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { PathTree } from "./path-tree.ts";
import { openWebService } from "./services/service-registry.ts";
import {
  openWebSocketService,
  upgradedResponse,
  type WebSocketHost,
} from "./services/websocket.ts";

/** Seconds after which a request or an answer that does not move is given up. */
const stalledRequestSeconds = 30;

/** Bun takes it for Unix sockets too, though its types do not name it there. */
const unixTimeout: object = { idleTimeout: stalledRequestSeconds };

/** No service reads a body; what a client sends nevertheless stays small. */
const largestBodyOctets = 64 * 1024;

type WebServer = Bun.Server<WebSocketData>;
type Paths = Record<string, WebServiceConfig>;

/** A front door before a Web server: it says whose connection a request came on. */
export interface DoorBefore {
  /** Is told of every request before anything else looks at it. */
  meet(request: Request): void;
  /** Null: the request is not the first one of its connection. */
  detailsOf(request: Request): ConnectionDetails | null;
}

/**
 * Starts a transport of type `web` or `websocket`, or with `door` the part of it that is behind that.
 *
 * @throws Failure when a service cannot be opened or the endpoint cannot be listened on.
 */
export async function startWebServer(
  config: WebTransportConfig | WebSocketTransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
  door?: DoorBefore,
): Promise<Listener> {
  const { endpoint } = config;
  const paths = pathsOf(config);
  const sockets = webSocketsBelow(paths, "");
  let server: WebServer | undefined;
  const host = hostOn(endpoint, () => server, door);
  const tree = await PathTree.open(paths, (service) =>
    service.type === "websocket"
      ? openWebSocketService(service, host, accept, context.log)
      : openWebService(service, context),
  );
  const fetch = async (request: Request) => {
    door?.meet(request);
    const response = await tree.handle(request);
    return response === upgradedResponse ? undefined : response;
  };
  try {
    const open = await listen(endpoint, {
      development: false,
      maxRequestBodySize: largestBodyOctets,
      fetch: fetch as (request: Request) => Promise<Response>,
      error(thrown: unknown) {
        context.log.error("request failed", { error: sentenceOf(thrown) });
        return new Response("Internal server error\n", { status: 500 });
      },
      websocket: {
        ...webSocketServeOptions(sockets.map((socket) => socket.config)),
        ...socketEvents,
      },
    });
    server = open.server;
    const end = () => {
      tree.close();
      open.removeFile();
    };
    return listenerOf(config.id, server, webServerUrls(config, server.port ?? null), end);
  } catch (thrown) {
    tree.close();
    throw thrown;
  }
}

/** What the four kinds of endpoint have in common for Bun. */
interface ServeHandlers {
  development: false;
  maxRequestBodySize: number;
  fetch: (request: Request) => Promise<Response>;
  error: (thrown: unknown) => Response;
  websocket: Bun.WebSocketHandler<WebSocketData>;
}

async function listen(endpoint: ListeningEndpointConfig, handlers: ServeHandlers) {
  try {
    if (endpoint.type === "unix") {
      return await openUnixSocket<WebServer>(endpoint, (unix) =>
        Bun.serve<WebSocketData>({ ...handlers, ...unixTimeout, unix }),
      );
    }
    const server: WebServer = Bun.serve<WebSocketData>({
      ...handlers,
      idleTimeout: stalledRequestSeconds,
      hostname: endpoint.interface,
      port: endpoint.port,
      reusePort: endpoint.shared,
      ...(endpoint.tls && { tls: readTls(endpoint.tls) }),
    });
    return { server, removeFile: () => {} };
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw listenFailure(endpoint, thrown);
  }
}

/** Passes what Bun tells of a socket on to the peer that stands for it. */
const socketEvents: Bun.WebSocketHandler<WebSocketData> = {
  open(socket) {
    socket.binaryType = "uint8array";
    socket.data.peer = new WebSocketPeer(socket);
    socket.data.peer.opened();
  },
  message: (socket, message) => socket.data.peer?.received(message),
  ping: (socket) => socket.data.peer?.pinged(),
  pong: (socket, payload) => socket.data.peer?.ponged(payload),
  drain: (socket) => socket.data.peer?.drained(),
  close: (socket, code, reason) => socket.data.peer?.ended(code, reason),
};

function hostOn(
  endpoint: ListeningEndpointConfig,
  server: () => WebServer | undefined,
  door: DoorBefore | undefined,
): WebSocketHost {
  return {
    upgrade(request, protocol, data) {
      // Left out, Bun would answer the first subprotocol of the offer; empty, it answers none.
      const headers = { "Sec-WebSocket-Protocol": protocol };
      return server()?.upgrade(request, { headers, data }) ?? false;
    },
    detailsOf(request) {
      if (door !== undefined) return door.detailsOf(request);
      if (endpoint.type === "unix") {
        return { peer: printUnixPeer(endpoint.path), isSecure: false, isUnixSocket: true };
      }
      const from = server()?.requestIP(request);
      const peer = from ? printTcpPeer(from.address, from.port) : "tcp4:unknown";
      return { peer, isSecure: endpoint.tls !== undefined, isUnixSocket: false };
    },
  };
}

function listenerOf(id: string, server: WebServer, urls: string[], end: () => void): Listener {
  let hasStopped = false;
  return {
    id,
    urls,
    stopAccepting() {
      if (hasStopped) return;
      hasStopped = true;
      // The promise is for the last WebSocket, which may stay for long.
      void server.stop(false);
    },
    async close() {
      hasStopped = true;
      const stopped = server.stop(true);
      end();
      await stopped;
    },
  };
}

function pathsOf(config: WebTransportConfig | WebSocketTransportConfig): Paths {
  return config.type === "web" ? config.paths : { "/": config };
}

interface WebSocketAt {
  path: string;
  config: WebSocketServiceConfig;
}

/** All WebSocket paths, nested ones included. */
function webSocketsBelow(paths: Paths, above: string): WebSocketAt[] {
  return Object.entries(paths).flatMap(([name, config]) => {
    const path = name === "/" ? above : `${above}/${name}`;
    if (config.type === "path") return webSocketsBelow(config.paths, path);
    return config.type === "websocket" ? [{ path, config }] : [];
  });
}

/** The paths of all Web services that are no WebSockets. */
function pagePaths(paths: Record<string, WebServiceConfig>, prefix = ""): string[] {
  return Object.entries(paths).flatMap(([name, config]) => {
    const path = name === "/" ? prefix : `${prefix}/${name}`;
    if (config.type === "path") return pagePaths(config.paths, path);
    return config.type === "websocket" ? [] : [path || "/"];
  });
}

/** Where the services of a transport are reached; `port` is that of a TCP endpoint. */
export function webServerUrls(
  config: WebTransportConfig | WebSocketTransportConfig,
  port: number | null,
): string[] {
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

function readTls({ key, certificate, chain_certificates }: NonNullable<ListeningTcpConfig["tls"]>) {
  return {
    key: readPem("key", key),
    cert: [
      readPem("certificate", certificate),
      ...chain_certificates.map((file) => readPem("chain certificate", file)),
    ].join("\n"),
  };
}

function readPem(what: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    const state = codeOf(thrown) === "ENOENT" ? "no such file" : sentenceOf(thrown);
    throw new Failure(`Cannot read ${what} "${file}": ${state}`, {
      source: "config",
      cause: thrown,
    });
  }
}

const stateByCode: Record<string, string> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "permission denied",
  ENOENT: "no such folder",
};

function listenFailure(endpoint: ListeningEndpointConfig, thrown: unknown): Failure {
  const state = stateByCode[codeOf(thrown)] ?? sentenceOf(thrown);
  return new Failure(`Cannot listen on "${printEndpoint(endpoint)}": ${state}`, {
    source: "internal",
    cause: thrown,
  });
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}
