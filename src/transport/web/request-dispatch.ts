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

import type { PreparedChange } from "#base/prepared-change.ts";
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
import { HEAD_REFUSALS, type HeadRefusal, type RequestHead } from "#transport/http/request-head.ts";
import { TrustedProxies } from "#transport/http/trusted-proxies.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { type CookieTracker, openCookieTrackers } from "#transport/websocket/cookie-tracker.ts";
import {
  WebSocketAcceptor,
  type WebSocketAcceptorOptions,
} from "#transport/websocket/websocket-acceptor.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { CookieLogins } from "./auth/cookie-logins.ts";
import type { FindLogins } from "./auth/open-access.ts";
import { PathTree } from "./path-tree.ts";
import { RetiredServices } from "./retired-services.ts";
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

/** What requests are answered with. */
interface Answering {
  tree: PathTree;
  /** What services depend on besides their own configuration. */
  surroundings: string;
  webSockets: WebSocketAcceptorOptions;
  /** The trackers of cookies by path. */
  cookies: ReadonlyMap<string, CookieTracker>;
  proxies: TrustedProxies | undefined;
  limit: ConnectionLimit | undefined;
  /** The line of that header in all answers; empty: there is none. */
  strictTransport: string;
  /** Whether there is an access log. */
  isLogged: boolean;
}

/** The HTTP side of one transport. */
export class RequestDispatch {
  readonly #context: TransportContext;
  readonly #log: TransportContext["log"];
  #present: Answering;
  readonly #webSockets: WebSocketAcceptor;
  readonly #retired = new RetiredServices();
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
    return new RequestDispatch(await openAnswering(config, options, context), context);
  }

  private constructor(answering: Answering, context: TransportContext) {
    this.#present = answering;
    this.#context = context;
    this.#log = context.log;
    this.#webSockets = new WebSocketAcceptor(context, answering.webSockets);
  }

  /**
   * Opens the services of another configuration that are new or have changed. They answer the requests that come
   * after it, on open connections too.
   *
   * @throws Failure when a service cannot be opened.
   */
  async prepare(
    config: WebServerConfig,
    options: DispatchOptions,
    isForced: boolean,
  ): Promise<PreparedChange> {
    const before = this.#present;
    const next = await openAnswering(config, options, this.#context, { ...before, isForced });
    return {
      apply: () => {
        this.#present = next;
        this.#webSockets.use(next.webSockets);
        this.#retired.add(before.tree.servicesWithout(next.tree));
      },
      abandon() {
        for (const service of next.tree.servicesWithout(before.tree)) service.close?.();
      },
    };
  }

  /** Nothing is found here any more; what has begun goes on. */
  retire(): void {
    const { tree } = this.#present;
    this.#present = { ...this.#present, tree: PathTree.empty() };
    this.#retired.add(tree.servicesWithout(this.#present.tree));
    for (const connection of this.#persistent) connection.end();
  }

  /** Whether services to which no path leads any more have sessions. */
  get hasRetiredSessions(): boolean {
    return this.#retired.isInUse;
  }

  /** Takes over a connection at its first request; gives the receiver of its events. */
  dispatch(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    head: RequestHead,
  ): ConnectionEvents {
    if (this.#present.isLogged) return this.#serveLogged(socket, details, head);
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
    refusal: HeadRefusal,
  ): ConnectionEvents {
    if (this.#present.isLogged) return this.#serveLogged(socket, details, head, refusal);
    return this.#refused(socket, refusal);
  }

  /** Closes all WebSockets and requests in good order. */
  async close(): Promise<void> {
    this.#exchanges.close();
    for (const connection of this.#persistent) connection.end();
    await this.#webSockets.close();
    this.#present.tree.close();
    this.#retired.close();
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
      takeFaulty: (fault) => this.#refused(socket, HEAD_REFUSALS[fault]),
      onEnd: () => this.#persistent.delete(persistent),
    });
    this.#persistent.add(persistent);
    persistent.begin(this.#answering(connection, first, firstHead));
    return persistent;
  }

  /** The same with an access log, for WebSockets too; with `refusal` the first request has a fault. */
  #serveLogged(
    accepted: ConnectionSocket,
    details: ConnectionDetails,
    first: RequestHead,
    refusal?: HeadRefusal,
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
    const refuse = (head: RequestHead, refused: HeadRefusal) => {
      socket.begin(this.#loggedRequest("malformed line", details, head));
      return this.#refused(socket, refused);
    };
    const persistent = new PersistentConnection({
      socket,
      take,
      takeFaulty: (fault, head) => refuse(head, HEAD_REFUSALS[fault]),
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
      peer: this.#present.proxies?.clientOf(headers, peer) ?? peer,
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
    const service = this.#present.tree.find(request.url.pathname)?.service;
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
    if (typeof request === "string") return this.#refused(socket, HEAD_REFUSALS[request]);
    const { tree, limit, proxies } = this.#present;
    const found = tree.findStreaming(request.url.pathname);
    if (found !== undefined && (found.streaming.takes?.(request, found.path) ?? true)) {
      return found.streaming.open({
        request: this.#clientRequest(request, details),
        lines: head.lines,
        path: found.path,
        details,
        limit,
        chain: proxies?.chainOf(request.headers, details.peer) ?? [],
        socket,
        octetsAfterHead: head.octetsAfterHead,
        readNextRequest,
      });
    }
    return this.#exchanges.open({
      handler: tree.handlerOf(request),
      request: this.#clientRequest(request, details),
      socket,
      octetsAfterHead: head.octetsAfterHead,
      readNextRequest,
      log: this.#log,
    });
  }

  #clientRequest(request: HttpRequest, { peer, isSecure }: ConnectionDetails): ClientRequest {
    const { proxies, strictTransport } = this.#present;
    const client = proxies?.clientOf(request.headers, peer) ?? peer;
    const { method, url, headers, isHttp10, framing } = request;
    return { method, url, headers, isHttp10, framing, peer: client, isSecure, strictTransport };
  }

  /** The rest of a connection whose request has a fault in its head. */
  #refused(socket: ConnectionSocket, { status, sentence }: HeadRefusal): RefusedConnection {
    const { strictTransport } = this.#present;
    return new RefusedConnection(socket, status, { sentence, strictTransport });
  }
}

/** Opens all services but those of `before` that stay, all of them anew if it is forced. */
async function openAnswering(
  config: WebServerConfig,
  { accept, limit }: DispatchOptions,
  context: TransportContext,
  before?: Answering & { isForced: boolean },
): Promise<Answering> {
  const mounted = wampWebSocketsOf(config);
  const trackers = openCookieTrackers(mounted, context.log, before?.cookies);
  const { recallLogin: recall } = context;
  const findLogins: FindLogins | undefined =
    recall && ((wanted) => CookieLogins.find(wanted, config, { trackers, recall }));
  const surroundings = surroundingsOf(config);
  const isKept = before?.isForced === false && before.surroundings === surroundings;
  const tree = await PathTree.open(
    pathsOf(config),
    (service) =>
      isWebSocket(service)
        ? openWebSocketService(service)
        : openWebService(service, accept, context, findLogins),
    isKept ? before.tree : undefined,
  );
  const trusted = "trusted_proxies" in config ? config.trusted_proxies : undefined;
  const proxies = trusted && new TrustedProxies(trusted);
  const shared = { limit, proxies, strictTransport: strictTransportOf(config) };
  return {
    ...shared,
    tree,
    surroundings,
    webSockets: { ...shared, accept, cookies: trackers },
    cookies: new Map(
      mounted.flatMap(({ path, config: one }) => {
        const tracker = trackers.get(one);
        return tracker === undefined ? [] : [[path, tracker]];
      }),
    ),
    isLogged: "access_log" in config && config.access_log === true,
  };
}

/** Limits hold for the clients of long-poll paths, and cookies of WebSockets are logins on other paths. */
function surroundingsOf(config: WebServerConfig): string {
  const limits = "limits" in config ? config.limits : undefined;
  const withCookie = wampWebSocketsOf(config).filter((one) => one.config.cookie !== undefined);
  return JSON.stringify([limits, withCookie]);
}

/** The header of RFC 6797, which configurations have for endpoints with TLS alone. */
function strictTransportOf(config: WebServerConfig): string {
  const maxAge = "hsts_max_age" in config ? config.hsts_max_age : undefined;
  return maxAge === undefined ? "" : `Strict-Transport-Security: max-age=${maxAge}\r\n`;
}
