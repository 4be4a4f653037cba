/**
 * RequestDispatch: hands each HTTP request to the component that answers it, by one look-up of its path.
 *
 *     WebSocket handshake     WebSocketAcceptor, on the accepted socket
 *     `caller`, `publisher`   BridgeConnections, on the accepted socket; another request may follow
 *     any other               Bun's Web server, through a splice; it gets all later requests as well
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectionLimit } from "#transport/endpoint/connection-limit.ts";
import { addressOf } from "#transport/endpoint/peer-address.ts";
import { ConnectBatches } from "#transport/http/connect-batches.ts";
import { TrustedProxies } from "#transport/http/forwarded.ts";
import {
  PersistentConnection,
  type ReadNextRequest,
} from "#transport/http/persistent-connection.ts";
import { privateSocket } from "#transport/http/private-socket.ts";
import type { RequestHead } from "#transport/http/request-head.ts";
import { Splice } from "#transport/http/splice.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { openCookieTrackers } from "#transport/websocket/cookie-tracker.ts";
import { WebSocketAcceptor } from "#transport/websocket/websocket-acceptor.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { BridgeConnections } from "./bridge/bridge-connections.ts";
import type { BridgeHead } from "./bridge/http-bridge.ts";
import { type WebServerConfig, wampWebSocketsOf } from "./service-paths.ts";
import { startWebServer, type WebServer } from "./web-server.ts";
import type { WebService } from "./web-service.ts";

/** What the protocols of a transport share. */
export interface DispatchOptions {
  accept: AcceptPeerWithSession;
  /** Undefined where connections are not counted. */
  limit: ConnectionLimit | undefined;
}

/** A connection with HTTP. */
interface HttpConnection {
  socket: ConnectionSocket;
  details: ConnectionDetails;
}

/** A request with the service at its path. */
interface RoutedRequest {
  head: RequestHead;
  /** Null: its head is malformed. */
  request: Request | null;
  /** Undefined: Bun's Web server answers, also where the path has no service. */
  service: WebService | undefined;
}

/** The HTTP side of one transport. */
export class RequestDispatch {
  readonly #context: TransportContext;
  readonly #proxies: TrustedProxies | undefined;
  readonly #webSockets: WebSocketAcceptor;
  readonly #bridges = new BridgeConnections();
  readonly #persistent = new Set<PersistentConnection>();
  readonly #splices = new Set<Splice>();
  readonly #connects = new ConnectBatches();
  readonly #unix: string;
  readonly #removeFolder: () => void;
  readonly #server: WebServer;

  /**
   * Opens every Web service of a transport, and the Web server on a private socket.
   *
   * @throws Failure when a service cannot be opened.
   */
  static async open(
    config: WebServerConfig,
    options: DispatchOptions,
    context: TransportContext,
  ): Promise<RequestDispatch> {
    const cookies = openCookieTrackers(wampWebSocketsOf(config), context.log);
    const { unix, removeFolder } = await privateSocket();
    try {
      const server = await startWebServer(config, unix, context);
      const trusted = "trusted_proxies" in config ? config.trusted_proxies : undefined;
      const proxies = trusted && new TrustedProxies(trusted);
      const webSockets = new WebSocketAcceptor(options.accept, context, {
        limit: options.limit,
        proxies,
        cookies,
      });
      return new RequestDispatch({ context, proxies, webSockets, unix, removeFolder, server });
    } catch (thrown) {
      removeFolder();
      throw thrown;
    }
  }

  private constructor(parts: {
    context: TransportContext;
    proxies: TrustedProxies | undefined;
    webSockets: WebSocketAcceptor;
    unix: string;
    removeFolder: () => void;
    server: WebServer;
  }) {
    this.#context = parts.context;
    this.#proxies = parts.proxies;
    this.#webSockets = parts.webSockets;
    this.#unix = parts.unix;
    this.#removeFolder = parts.removeFolder;
    this.#server = parts.server;
  }

  /** Takes over a connection at its first request; gives the receiver of its events. */
  dispatch(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    head: RequestHead,
  ): ConnectionEvents {
    const connection = { socket, details };
    const routed = this.#route(head);
    // Only bridges need a PersistentConnection; all others receive the socket's events directly.
    return routed.service?.bridge === undefined
      ? this.#takeOver(connection, routed)
      : this.#serve(connection, routed);
  }

  /** Closes all WebSockets and bridge requests in good order, and the Web server. */
  async close(): Promise<void> {
    this.#bridges.close();
    for (const connection of this.#persistent) connection.end();
    await Promise.all([this.#webSockets.close(), this.#server.close()]);
  }

  /** Terminates the splices that are still open, and removes the socket's folder. */
  terminate(): void {
    for (const splice of this.#splices) splice.terminate();
    this.#removeFolder();
  }

  #route(head: RequestHead): RoutedRequest {
    const request = head.request();
    const mayBeAnsweredHere = this.#server.hasBridge || request?.headers.has("upgrade");
    return {
      head,
      request,
      service: request && mayBeAnsweredHere ? this.#server.serviceFor(request) : undefined,
    };
  }

  /** Answers requests for bridges one after the other, until one is for another service. */
  #serve(connection: HttpConnection, first: RoutedRequest): PersistentConnection {
    const take = (routed: RoutedRequest, readNextRequest: ReadNextRequest) =>
      this.#bridge(connection, routed, readNextRequest) ?? this.#takeOver(connection, routed);
    const persistent = new PersistentConnection({
      socket: connection.socket,
      take: (head, readNextRequest) => take(this.#route(head), readNextRequest),
      takeMalformed: (head) => this.#splice(connection, head),
      onEnd: () => this.#persistent.delete(persistent),
    });
    this.#persistent.add(persistent);
    persistent.begin((readNextRequest) => take(first, readNextRequest));
    return persistent;
  }

  /** Null: the request is for no bridge. */
  #bridge(
    { socket, details }: HttpConnection,
    { head, request, service }: RoutedRequest,
    readNextRequest: ReadNextRequest,
  ): ConnectionEvents | null {
    if (request === null || service?.bridge === undefined) return null;
    return this.#bridges.open({
      bridge: service.bridge,
      head: this.#bridgeHead(request, details),
      isHttp10: head.isHttp10,
      socket,
      octetsAfterHead: head.octetsAfterHead,
      readNextRequest,
    });
  }

  #bridgeHead(request: Request, { peer, isSecure }: ConnectionDetails): BridgeHead {
    const client = this.#proxies?.clientOf(request.headers, peer) ?? peer;
    return {
      method: request.method,
      headers: request.headers,
      query: URL.parse(request.url)?.searchParams ?? new URLSearchParams(),
      address: addressOf(client),
      isSecure,
    };
  }

  /** Makes a WebSocket of the connection, or splices it to the Web server with all later requests. */
  #takeOver(connection: HttpConnection, { head, request, service }: RoutedRequest) {
    if (request === null || service?.webSocket === undefined || head.isHttp10) {
      return this.#splice(connection, head);
    }
    const { socket, details } = connection;
    const webSocket = this.#webSockets.upgrade(request, service.webSocket, socket, details);
    if (webSocket === null) return this.#splice(connection, head);
    if (head.octetsAfterHead.length > 0) webSocket.received(head.octetsAfterHead);
    return webSocket;
  }

  #splice({ socket, details }: HttpConnection, head: RequestHead): Splice {
    const splice = new Splice({
      client: socket,
      unix: this.#unix,
      connects: this.#connects,
      received: head.octets,
      onUnreachable: (thrown) => {
        const reason = `Cannot reach the Web server: ${sentenceOf(thrown)}`;
        this.#context.log.warn("connection refused", { peer: details.peer, reason });
      },
      onEnd: () => this.#splices.delete(splice),
    });
    this.#splices.add(splice);
    return splice;
  }
}
