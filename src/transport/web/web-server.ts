/**
 * One Bun server per endpoint: requests go to the services at its paths, WebSocket events to peers.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type {
  ListeningEndpointConfig,
  WebServiceConfig,
  WebSocketServiceConfig,
  WebSocketTransportConfig,
  WebTransportConfig,
} from "#config/node-config.ts";
import { listenFailure } from "#transport/endpoint/listen.ts";
import { printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import { hasTls, TlsServer } from "#transport/endpoint/tls-server.ts";
import { openUnixSocket } from "#transport/endpoint/unix-socket-file.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "#transport/listener.ts";
import { webSocketServeOptions } from "#transport/websocket/serve-options.ts";
import { type WebSocketData, WebSocketPeer } from "#transport/websocket/websocket-peer.ts";
import { PathTree } from "./path-tree.ts";
import { openWebService } from "./services/service-registry.ts";
import {
  openWebSocketService,
  upgradedResponse,
  type WebSocketHost,
} from "./services/websocket.ts";

/** Seconds after which a request or an answer that does not move is given up. */
const stalledRequestSeconds = 30;

/** No service reads a body; what a client sends nevertheless stays small. */
const largestBodyOctets = 64 * 1024;

type WebServer = Bun.Server<WebSocketData>;
type Paths = Record<string, WebServiceConfig>;

/**
 * Starts a transport of type `web` or `websocket`.
 *
 * @throws Failure when a service cannot be opened or the endpoint cannot be listened on.
 */
export async function startWebServer(
  config: WebTransportConfig | WebSocketTransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  const { endpoint } = config;
  const paths: Paths = config.type === "web" ? config.paths : { "/": config };
  const sockets = webSocketsBelow(paths, "");
  const host = hostOn(endpoint);
  const tree = await PathTree.open(paths, (service) =>
    service.type === "websocket"
      ? openWebSocketService(service, host, accept, context.log)
      : openWebService(service, context),
  );
  const fetch = async (request: Request, server: WebServer) => {
    serverOf.set(request, server);
    const response = await tree.handle(request);
    return response === upgradedResponse ? undefined : response;
  };
  try {
    const servers = await listen(endpoint, context, {
      development: false,
      maxRequestBodySize: largestBodyOctets,
      fetch: fetch as (request: Request, server: WebServer) => Promise<Response>,
      error(thrown: unknown) {
        context.log.error("request failed", { error: sentenceOf(thrown) });
        return new Response("Internal server error\n", { status: 500 });
      },
      websocket: {
        ...webSocketServeOptions(sockets.map((socket) => socket.config)),
        ...socketEvents,
      },
    });
    const urls = urlsOf(config, servers.port, sockets);
    return listenerOf(config.id, urls, servers, () => tree.close());
  } catch (thrown) {
    tree.close();
    throw thrown;
  }
}

/** What the four kinds of endpoint have in common for Bun. */
interface ServeHandlers {
  development: false;
  maxRequestBodySize: number;
  fetch: (request: Request, server: WebServer) => Promise<Response>;
  error: (thrown: unknown) => Response;
  websocket: Bun.WebSocketHandler<WebSocketData>;
}

/** The servers of one endpoint: one, or after a renewal of the certificate some that end. */
interface OpenServers {
  /** Null for a Unix socket. */
  port: number | null;
  /** Takes no further connection; those that are open stay. */
  stop(): void;
  renewCertificates(): void;
  close(): Promise<unknown>;
}

async function listen(
  endpoint: ListeningEndpointConfig,
  { log }: TransportContext,
  handlers: ServeHandlers,
): Promise<OpenServers> {
  const open = new Set<WebServer>();
  const opened = (server: WebServer) => {
    open.add(server);
    return server;
  };
  // The promise is for the last WebSocket, which may stay for long.
  const retire = (server: WebServer) =>
    void server.stop(false).then(
      () => open.delete(server),
      () => {},
    );
  const close = () => Promise.all([...open].map((server) => server.stop(true)));
  try {
    if (endpoint.type === "unix") {
      const { server, removeFile } = await openUnixSocket<WebServer>(endpoint, (unix) =>
        opened(Bun.serve<WebSocketData>({ ...handlers, unix })),
      );
      const closeAndRemove = () => {
        const closed = close();
        removeFile();
        return closed;
      };
      return {
        port: null,
        stop: () => retire(server),
        renewCertificates() {},
        close: closeAndRemove,
      };
    }
    const tcp = { ...handlers, idleTimeout: stalledRequestSeconds };
    if (hasTls(endpoint)) {
      const serve = (options: object) => opened(Bun.serve<WebSocketData>({ ...tcp, ...options }));
      const servers = new TlsServer(endpoint, { open: serve, retire }, log);
      const stop = () => servers.stop();
      return { port: servers.port, stop, renewCertificates: () => servers.renew(), close };
    }
    const { interface: hostname, port, shared: reusePort } = endpoint;
    const server = opened(Bun.serve<WebSocketData>({ ...tcp, hostname, port, reusePort }));
    const stop = () => retire(server);
    return { port: server.port ?? port, stop, renewCertificates() {}, close };
  } catch (thrown) {
    throw listenFailure(endpoint, thrown);
  }
}

/** The server that a request came to: while a certificate is renewed there are several. */
const serverOf = new WeakMap<Request, WebServer>();

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

function hostOn(endpoint: ListeningEndpointConfig): WebSocketHost {
  return {
    upgrade(request, protocol, data) {
      // Left out, Bun would answer the first subprotocol of the offer; empty, it answers none.
      const headers = { "Sec-WebSocket-Protocol": protocol };
      return serverOf.get(request)?.upgrade(request, { headers, data }) ?? false;
    },
    detailsOf(request) {
      if (endpoint.type === "unix") {
        return { peer: printUnixPeer(endpoint.path), isSecure: false, isUnixSocket: true };
      }
      const from = serverOf.get(request)?.requestIP(request);
      const peer = from ? printTcpPeer(from.address, from.port) : "tcp4:unknown";
      return { peer, isSecure: endpoint.tls !== undefined, isUnixSocket: false };
    },
  };
}

function listenerOf(
  id: string,
  urls: string[],
  servers: OpenServers,
  closeServices: () => void,
): Listener {
  let hasStopped = false;
  const stopAccepting = () => {
    if (!hasStopped) servers.stop();
    hasStopped = true;
  };
  return {
    id,
    urls,
    stopAccepting,
    renewCertificates: () => servers.renewCertificates(),
    async close() {
      stopAccepting();
      const closed = servers.close();
      closeServices();
      await closed;
    },
  };
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

function urlsOf(
  config: WebTransportConfig | WebSocketTransportConfig,
  port: number | null,
  sockets: WebSocketAt[],
): string[] {
  const { endpoint } = config;
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
