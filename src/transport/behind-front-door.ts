/**
 * Transports behind a front door: RawSocket and WebSocket are spoken on the very socket that was
 * accepted, plain HTTP by a Web server on a private Unix socket.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type {
  ListeningEndpointConfig,
  RawSocketOptions,
  SessionConfig,
  TransportConfig,
  WebServiceConfig,
  WebSocketServiceConfig,
} from "#config/node-config.ts";
import { type ConnectionLimit, connectionLimitFor } from "./endpoint/connection-limit.ts";
import { addressOf } from "./endpoint/peer-address.ts";
import { ConnectGate } from "./front-door/connect-gate.ts";
import { FrontDoor } from "./front-door/front-door.ts";
import { Splice } from "./front-door/splice.ts";
import type { Ways } from "./front-door/visit.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "./listener.ts";
import { privateSocket } from "./private-socket.ts";
import { RawSocketAcceptor, rawSocketUrl } from "./rawsocket/rawsocket-acceptor.ts";
import { BridgeConnections } from "./web/bridge/bridge-connections.ts";
import type { BridgeHead } from "./web/bridge/http-bridge.ts";
import { startWebServer, type WebServerConfig, webServerUrls } from "./web/web-server.ts";
import { openCookieTrackers } from "./websocket/cookie-tracker.ts";
import { ForwardingProxies } from "./websocket/forwarding-proxies.ts";
import { WebSocketAcceptor } from "./websocket/websocket-acceptor.ts";

/** Time for a handshake where no WebSocket path says another. */
const HANDSHAKE_MS = 10_000;

/** What may stand behind one door. */
interface Rooms {
  rawsocket: (SessionConfig & { options: RawSocketOptions }) | null;
  web: WebServerConfig | null;
}

/** Whether an endpoint asks for what only a front door can tell, whatever the transport. */
export function needsFrontDoor(endpoint: ListeningEndpointConfig): boolean {
  if (endpoint.type === "unix") return false;
  return endpoint.trusted_proxies !== undefined || endpoint.tls !== undefined;
}

/**
 * Starts a transport of any type behind a front door.
 *
 * @throws Failure when it cannot listen, or a Web service cannot be opened.
 */
export async function startBehindFrontDoor(
  config: TransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  const { id, endpoint } = config;
  const { log } = context;
  const rooms = roomsOf(config);
  const limits = config.type === "websocket.testee" ? undefined : config.limits;
  const limit = connectionLimitFor(limits, id, log);
  const acceptor =
    rooms.rawsocket && new RawSocketAcceptor({ ...rooms.rawsocket, id }, accept, log, limit);
  const web = rooms.web && (await openWebRoom(rooms.web, { accept, limit }, context));
  const ways: Ways = {
    rawSocket: acceptor && ((socket, details) => acceptor.accept(socket, details)),
    http: web?.enter ?? null,
  };
  const handshakeMs = handshakeTimeoutOf(rooms.web);
  try {
    const door = new FrontDoor(endpoint, { transport: id, ways, handshakeMs, log });
    const port = await door.open();
    return {
      id,
      urls: [
        ...(acceptor ? [rawSocketUrl(endpoint, port)] : []),
        ...(rooms.web ? webServerUrls(rooms.web, port) : []),
      ],
      stopAccepting: () => door.stop(),
      renewCertificates: () => door.renewCertificates(),
      async close() {
        door.stop();
        await Promise.all([acceptor?.close(), web?.end()]);
        await door.close();
        web?.remove();
      },
    };
  } catch (thrown) {
    await web?.end();
    web?.remove();
    throw thrown;
  }
}

function roomsOf(config: TransportConfig): Rooms {
  switch (config.type) {
    case "web":
    case "websocket":
    case "websocket.testee":
      return { rawsocket: null, web: config };
    case "rawsocket":
      return { rawsocket: config, web: null };
    case "universal": {
      const { rawsocket, paths } = config;
      return { rawsocket, web: paths && { ...config, type: "web", paths } };
    }
  }
}

/** A Web server that nobody but a front door reaches. */
interface WebRoom {
  enter: NonNullable<Ways["http"]>;
  /** Ends the Web server. */
  end(): Promise<void>;
  /** Cuts off what is still open, and removes the socket's folder. */
  remove(): void;
}

async function openWebRoom(
  config: NonNullable<Rooms["web"]>,
  { accept, limit }: { accept: AcceptPeerWithSession; limit: ConnectionLimit | undefined },
  context: TransportContext,
): Promise<WebRoom> {
  const trusted = config.type === "websocket.testee" ? undefined : config.trusted_proxies;
  const proxies = trusted && new ForwardingProxies(trusted);
  const cookies = openCookieTrackers(webSocketsOf(config), context.log);
  const { unix, removeFolder } = await privateSocket();
  const acceptor = new WebSocketAcceptor(accept, context, { limit, proxies, cookies });
  const bridges = new BridgeConnections();
  const gate = new ConnectGate();
  const splices = new Set<Splice>();
  try {
    const server = await startWebServer(config, unix, context);
    return {
      enter(client, details, head) {
        const request = head.request();
        const bridge = request && server.bridgeFor(request);
        if (bridge) {
          const address = addressOf(
            proxies?.clientOf(request.headers, details.peer) ?? details.peer,
          );
          const connection = bridges.open({
            bridge,
            head: bridgeHead(request, address, details.isSecure),
            isOld: !head.isUpgradable,
            socket: client,
          });
          connection.received(head.rest);
          return connection;
        }
        const webSocket = request && head.isUpgradable ? server.webSocketFor(request) : null;
        const connection =
          webSocket && request && acceptor.upgrade(request, webSocket, client, details);
        if (connection) {
          if (head.rest.length > 0) connection.received(head.rest);
          return connection;
        }
        const splice = new Splice({
          client,
          unix,
          gate,
          first: head.octets,
          onUnreachable(thrown) {
            const reason = `Cannot reach the Web server: ${sentenceOf(thrown)}`;
            context.log.warn("connection refused", { peer: details.peer, reason });
          },
          onEnd: () => splices.delete(splice),
        });
        splices.add(splice);
        return splice;
      },
      async end() {
        bridges.close();
        await Promise.all([acceptor.close(), server.close()]);
      },
      remove() {
        for (const splice of splices) splice.terminate();
        removeFolder();
      },
    };
  } catch (thrown) {
    removeFolder();
    throw thrown;
  }
}

function bridgeHead(request: Request, address: string | null, isSecure: boolean): BridgeHead {
  const query = URL.parse(request.url)?.searchParams ?? new URLSearchParams();
  return { method: request.method, headers: request.headers, query, address, isSecure };
}

/** Which path a request is for is known at the end of its head only, so the longest time counts. */
function handshakeTimeoutOf(web: Rooms["web"]): number {
  if (web === null) return HANDSHAKE_MS;
  const times = webSocketsOf(web).map(({ options }) => options.open_handshake_timeout);
  return Math.max(0, ...times) || HANDSHAKE_MS;
}

/** Every WebSocket path of WAMP. */
function webSocketsOf(web: NonNullable<Rooms["web"]>): WebSocketServiceConfig[] {
  return webSocketsBelow(web.type === "web" ? web.paths : { "/": web });
}

function webSocketsBelow(paths: Record<string, WebServiceConfig>): WebSocketServiceConfig[] {
  return Object.values(paths).flatMap((config) => {
    if (config.type === "path") return webSocketsBelow(config.paths);
    return config.type === "websocket" ? [config] : [];
  });
}
