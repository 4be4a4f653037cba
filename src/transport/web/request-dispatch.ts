/**
 * RequestDispatch: hands each HTTP request to the component that answers it, by its path.
 *
 *     WebSocket handshake     WebSocketAcceptor: the connection is a WebSocket from now on
 *     `caller`, `publisher`   HttpBridge
 *     a StreamingService      takes the request over as it comes: `reverseproxy`, `websocket-reverseproxy`, `sse`,
 *                             `upload`, `longpoll`, and the events of `nodeinfo`
 *     any other               the Web service at the path
 *
 * All are answered on the accepted socket, one request after the other, so a handshake or a call may come
 * on any request of a connection.
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectionLimit } from "#transport/endpoint/connection-limit.ts";
import type { LoggedRequest } from "#transport/http/access-line.ts";
import { HttpExchanges } from "#transport/http/http-exchange.ts";
import type { ClientRequest, HttpRequest } from "#transport/http/http-request.ts";
import { LoggedSocket } from "#transport/http/logged-socket.ts";
import {
  PersistentConnection,
  type ReadNextRequest,
} from "#transport/http/persistent-connection.ts";
import { RefusedConnection } from "#transport/http/refused-connection.ts";
import { FAULT_STATUS, type RequestHead } from "#transport/http/request-head.ts";
import { TrustedProxies } from "#transport/http/trusted-proxies.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { openCookieTrackers } from "#transport/websocket/cookie-tracker.ts";
import { WebSocketAcceptor } from "#transport/websocket/websocket-acceptor.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { CookieLogins } from "./auth/cookie-logins.ts";
import type { FindLogins } from "./auth/open-access.ts";
import { PathTree } from "./path-tree.ts";
import { isWebSocket, pathsOf, type WebServerConfig, wampWebSocketsOf } from "./service-paths.ts";
import { openWebService } from "./services/service-registry.ts";
import { openWebSocketService } from "./services/websocket.ts";

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

/** What all requests of a transport share. */
interface RequestContext {
  proxies: TrustedProxies | undefined;
  limit: ConnectionLimit | undefined;
  /** The line of that header in all answers; empty: there is none. */
  strictTransport: string;
  isLogged: boolean;
  log: TransportContext["log"];
}

/** The HTTP side of one transport. */
export class RequestDispatch {
  readonly #log: TransportContext["log"];
  readonly #proxies: TrustedProxies | undefined;
  readonly #limit: ConnectionLimit | undefined;
  readonly #strictTransport: string;
  /** Whether there is an access log. */
  readonly #isLogged: boolean;
  readonly #webSockets: WebSocketAcceptor;
  readonly #tree: PathTree;
  readonly #exchanges = new HttpExchanges();
  readonly #persistent = new Set<PersistentConnection>();

  /**
   * Opens every Web service of a transport.
   *
   * @throws Failure when a service cannot be opened.
   */
  static async open(
    config: WebServerConfig,
    options: DispatchOptions,
    context: TransportContext,
  ): Promise<RequestDispatch> {
    const cookies = openCookieTrackers(wampWebSocketsOf(config), context.log);
    const { recallLogin: recall } = context;
    const findLogins: FindLogins | undefined =
      recall && ((wanted) => CookieLogins.find(wanted, config, { trackers: cookies, recall }));
    const tree = await PathTree.open(pathsOf(config), (service) =>
      isWebSocket(service)
        ? openWebSocketService(service)
        : openWebService(service, options.accept, context, findLogins),
    );
    const trusted = "trusted_proxies" in config ? config.trusted_proxies : undefined;
    const proxies = trusted && new TrustedProxies(trusted);
    const { limit } = options;
    const strictTransport = strictTransportOf(config);
    const isLogged = "access_log" in config && config.access_log === true;
    const shared = { limit, proxies, strictTransport };
    const webSockets = new WebSocketAcceptor(options.accept, context, { ...shared, cookies });
    return new RequestDispatch(tree, webSockets, { ...shared, isLogged, log: context.log });
  }

  private constructor(
    tree: PathTree,
    webSockets: WebSocketAcceptor,
    { proxies, limit, strictTransport, isLogged, log }: RequestContext,
  ) {
    this.#tree = tree;
    this.#webSockets = webSockets;
    this.#proxies = proxies;
    this.#limit = limit;
    this.#strictTransport = strictTransport;
    this.#isLogged = isLogged;
    this.#log = log;
  }

  /** Takes over a connection at its first request; gives the receiver of its events. */
  dispatch(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    head: RequestHead,
  ): ConnectionEvents {
    if (this.#isLogged) return this.#serveLogged(socket, details, head);
    const connection = { socket, details };
    const request = head.request();
    // A WebSocket from the first request on, as most are, receives the socket's events directly.
    const webSocket = this.#upgrade(connection, request, head);
    return webSocket ?? this.#serve(connection, request, head);
  }

  /** Answers a request that cannot be dispatched, because its head has a fault or does not end. */
  refuse(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    head: RequestHead,
    status: number,
  ): ConnectionEvents {
    if (this.#isLogged) return this.#serveLogged(socket, details, head, status);
    return this.#refused(socket, status);
  }

  /** Closes all WebSockets and requests in good order. */
  async close(): Promise<void> {
    this.#exchanges.close();
    for (const connection of this.#persistent) connection.end();
    await this.#webSockets.close();
    this.#tree.close();
    // Streaming services have answered their last requests.
    for (const connection of this.#persistent) connection.end();
  }

  /** Answers the requests of a connection one after the other. */
  #serve(
    connection: HttpConnection,
    first: ReturnType<RequestHead["request"]>,
    firstHead: RequestHead,
  ): PersistentConnection {
    const { socket } = connection;
    const persistent = new PersistentConnection({
      socket,
      take: (head, readNextRequest) => {
        const request = head.request();
        const webSocket = this.#upgrade(connection, request, head);
        return webSocket ?? this.#answer(connection, request, head, readNextRequest);
      },
      takeFaulty: (fault) => this.#refused(socket, FAULT_STATUS[fault]),
      onEnd: () => this.#persistent.delete(persistent),
    });
    this.#persistent.add(persistent);
    persistent.begin(this.#answering(connection, first, firstHead));
    return persistent;
  }

  /** The same with an access log, for WebSockets too; with `refusal`, a status, the first request has a fault. */
  #serveLogged(
    accepted: ConnectionSocket,
    details: ConnectionDetails,
    first: RequestHead,
    refusal?: number,
  ): PersistentConnection {
    const socket = new LoggedSocket(accepted, this.#log);
    const take = (head: RequestHead, readNextRequest: ReadNextRequest) => {
      const request = head.request();
      socket.begin(this.#loggedRequest(request, details, head));
      const connection = { socket, details };
      const webSocket = this.#upgrade(connection, request, head);
      if (webSocket !== null) return webSocket;
      return this.#answer(connection, request, head, (pipelined) => {
        socket.answered();
        readNextRequest(pipelined);
      });
    };
    const refuse = (head: RequestHead, status: number) => {
      socket.begin(this.#loggedRequest("malformed", details, head));
      return this.#refused(socket, status);
    };
    const persistent = new PersistentConnection({
      socket,
      take,
      takeFaulty: (fault, head) => refuse(head, FAULT_STATUS[fault]),
      onEnd: () => {
        socket.closed();
        this.#persistent.delete(persistent);
      },
    });
    this.#persistent.add(persistent);
    persistent.begin((readNextRequest) =>
      refusal === undefined ? take(first, readNextRequest) : refuse(first, refusal),
    );
    return persistent;
  }

  #loggedRequest(
    request: ReturnType<RequestHead["request"]>,
    { peer }: ConnectionDetails,
    { requestLine: line }: RequestHead,
  ): LoggedRequest {
    if (typeof request === "string") return { peer, line, referer: null, userAgent: null };
    const { headers } = request;
    return {
      peer: this.#proxies?.clientOf(headers, peer) ?? peer,
      line,
      referer: headers.get("referer"),
      userAgent: headers.get("user-agent"),
    };
  }

  /** A function of its own, because those above live as long as the connection, and would keep the request. */
  #answering(
    connection: HttpConnection,
    request: ReturnType<RequestHead["request"]>,
    head: RequestHead,
  ): (readNextRequest: ReadNextRequest) => ConnectionEvents {
    return (readNextRequest) => this.#answer(connection, request, head, readNextRequest);
  }

  /** Makes a WebSocket of the connection; null: the request is no valid handshake. */
  #upgrade(
    { socket, details }: HttpConnection,
    request: ReturnType<RequestHead["request"]>,
    head: RequestHead,
  ): ConnectionEvents | null {
    if (typeof request === "string" || request.isHttp10 || !request.headers.has("upgrade")) {
      return null;
    }
    const service = this.#tree.find(request.url.pathname)?.service;
    if (service?.webSocket === undefined) return null;
    const webSocket = this.#webSockets.upgrade(request, service.webSocket, socket, details);
    if (webSocket === null) return null;
    if (head.octetsAfterHead.length > 0) webSocket.received(head.octetsAfterHead);
    return webSocket;
  }

  #answer(
    { socket, details }: HttpConnection,
    request: ReturnType<RequestHead["request"]>,
    head: RequestHead,
    readNextRequest: ReadNextRequest,
  ): ConnectionEvents {
    if (typeof request === "string") return this.#refused(socket, FAULT_STATUS[request]);
    const found = this.#tree.findStreaming(request.url.pathname);
    if (found !== undefined && (found.streaming.takes?.(request, found.path) ?? true)) {
      return found.streaming.open({
        request: this.#clientRequest(request, details),
        lines: head.lines,
        path: found.path,
        details,
        limit: this.#limit,
        chain: this.#proxies?.chainOf(request.headers, details.peer) ?? [],
        socket,
        octetsAfterHead: head.octetsAfterHead,
        readNextRequest,
      });
    }
    return this.#exchanges.open({
      handler: this.#tree.handlerOf(request),
      request: this.#clientRequest(request, details),
      socket,
      octetsAfterHead: head.octetsAfterHead,
      readNextRequest,
      log: this.#log,
    });
  }

  #clientRequest(request: HttpRequest, { peer, isSecure }: ConnectionDetails): ClientRequest {
    const client = this.#proxies?.clientOf(request.headers, peer) ?? peer;
    const { method, url, headers, isHttp10, framing } = request;
    const strictTransport = this.#strictTransport;
    return { method, url, headers, isHttp10, framing, peer: client, isSecure, strictTransport };
  }

  /** The rest of a connection whose request has a fault in its head. */
  #refused(socket: ConnectionSocket, status: number): RefusedConnection {
    return new RefusedConnection(socket, status, { strictTransport: this.#strictTransport });
  }
}

/** The header of RFC 6797, which configurations have for endpoints with TLS alone. */
function strictTransportOf(config: WebServerConfig): string {
  const maxAge = "hsts_max_age" in config ? config.hsts_max_age : undefined;
  return maxAge === undefined ? "" : `Strict-Transport-Security: max-age=${maxAge}\r\n`;
}
