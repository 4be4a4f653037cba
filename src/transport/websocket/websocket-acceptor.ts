/**
 * WebSocketAcceptor: the WebSockets of one transport, from the request that asks for one to the end.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type {
  WebSocketServiceConfig,
  WebSocketTesteeTransportConfig,
} from "#config/node-config.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectionLimit, ConnectionSlot } from "#transport/endpoint/connection-limit.ts";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import type { TrustedProxies } from "#transport/http/forwarded.ts";
import { RefusedConnection, refusalOctets } from "#transport/http/refused-connection.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { CloseCode, type ConnectionDetails, type Peer } from "#wamp/peer.ts";
import { openBatchedSession } from "./batched-peer.ts";
import type { CookieTracker } from "./cookie-tracker.ts";
import { answerHandshake, type HandshakeAnswerOptions } from "./handshake-answer.ts";
import { checkHandshake, checkWampHandshake } from "./handshake-check.ts";
import { testeePage } from "./status-page.ts";
import type {
  WebSocketConnection,
  WebSocketConnectionOptions,
  WebSocketOwner,
} from "./websocket-connection.ts";
import { WebSocketPeer } from "./websocket-peer.ts";
import { WebSocketTestee } from "./websocket-testee.ts";

/** What may stand at a path and make WebSockets of requests. */
export type WebSocketPathConfig = WebSocketServiceConfig | WebSocketTesteeTransportConfig;

const TOO_MANY_CONNECTIONS = refusalOctets(503, "There are too many connections. Try again later.");

/** What a transport grants its WebSockets; each undefined where it is not configured. */
export interface WebSocketAcceptorOptions {
  limit: ConnectionLimit | undefined;
  proxies: TrustedProxies | undefined;
  /** Of each path that issues a cookie. */
  cookies: ReadonlyMap<WebSocketPathConfig, CookieTracker>;
}

/** The open WebSockets of one transport. */
export class WebSocketAcceptor implements WebSocketOwner {
  readonly #accept: AcceptPeerWithSession;
  readonly #options: WebSocketAcceptorOptions;
  readonly #log: TransportContext["log"];
  /** Program and release, for the header Server. */
  readonly #serverName: string;
  /** Each with its slot; undefined where connections are not counted. */
  readonly #open = new Map<WebSocketConnection, ConnectionSlot | undefined>();
  readonly #closing = new GracefulClose(() => this.#open.size === 0);

  /** `accept` is called with every peer whose handshake is done. */
  constructor(
    accept: AcceptPeerWithSession,
    { log, nodeInfo }: TransportContext,
    options: WebSocketAcceptorOptions,
  ) {
    this.#accept = accept;
    this.#options = options;
    this.#log = log;
    this.#serverName = `crossproxy/${nodeInfo.release}`;
  }

  /**
   * Makes a WebSocket of the connection on which a request came; null when the request is not fit
   * for it, and is to be answered as any other. One that finds no place is answered with 503. What
   * came behind the request is to be handed in next.
   */
  upgrade(
    request: Request,
    config: WebSocketPathConfig,
    socket: ConnectionSocket,
    connection: ConnectionDetails,
  ): ConnectionEvents | null {
    return config.type === "websocket"
      ? this.#upgradeToPeer(request, config, socket, connection)
      : this.#upgradeToTestee(request, config, socket, connection);
  }

  #upgradeToPeer(
    request: Request,
    config: WebSocketServiceConfig,
    socket: ConnectionSocket,
    direct: ConnectionDetails,
  ): ConnectionEvents | null {
    const verdict = checkWampHandshake(request, config);
    if (verdict.kind === "answer") return null;
    const connection = this.#clientOf(request, direct);
    const slot = this.#options.limit?.take(connection.peer);
    if (slot === null) return new RefusedConnection(socket, TOO_MANY_CONNECTIONS);
    const { serializer, isBatched, protocol } = verdict.chosen;
    const cookies = this.#options.cookies.get(config);
    const cookie = cookies?.track(request.headers.get("cookie"), Date.now());
    const terms = { protocol, options: config.options, setCookie: cookie?.setCookie ?? null };
    const stream = this.#answer(request, terms, socket, connection);
    const peer = new WebSocketPeer(stream, {
      ...connection,
      type: "websocket",
      serializer,
      ...(cookies && cookie && { cookieId: cookie.id, cookie: cookies.cookieOf(cookie) }),
    });
    this.#open.set(peer, slot);
    const accept = (one: Peer) => this.#accept(one, config);
    try {
      peer.attach(isBatched ? openBatchedSession(peer, accept) : accept(peer));
    } catch (thrown) {
      this.#log.error("peer not accepted", { error: sentenceOf(thrown) });
      peer.close(CloseCode.internalError, "internal error");
    }
    return peer;
  }

  #upgradeToTestee(
    request: Request,
    { options }: WebSocketTesteeTransportConfig,
    socket: ConnectionSocket,
    connection: ConnectionDetails,
  ): WebSocketTestee | null {
    if (checkHandshake(request, options, testeePage) !== null) return null;
    const stream = this.#answer(
      request,
      { protocol: "", options, setCookie: null },
      socket,
      connection,
    );
    const testee = new WebSocketTestee(stream);
    this.#open.set(testee, undefined);
    return testee;
  }

  /** The connection as it is, or with the client that a trusted proxy passed on. */
  #clientOf(request: Request, direct: ConnectionDetails): ConnectionDetails {
    const peer = this.#options.proxies?.clientOf(request.headers, direct.peer);
    // A client that came through a proxy for HTTP is no program of this machine.
    return peer === undefined ? direct : { ...direct, peer, isUnixSocket: false };
  }

  /** Completes the handshake; a client's subprotocol is not answered where `protocol` is empty. */
  #answer(
    request: Request,
    terms: Omit<HandshakeAnswerOptions, "server">,
    socket: ConnectionSocket,
    { peer }: ConnectionDetails,
  ): WebSocketConnectionOptions {
    const { options } = terms;
    const server = options.show_server_version ? this.#serverName : null;
    const { answer, codec } = answerHandshake(request.headers, { ...terms, server });
    socket.write(answer, 0, answer.length);
    return { socket, options, peer, log: this.#log, codec, owner: this };
  }

  /** A WebSocket is over. */
  forget(stream: WebSocketConnection): void {
    this.#open.get(stream)?.release();
    this.#open.delete(stream);
    this.#closing.noteClosed();
  }

  /** Closes every WebSocket with 1001, and waits until all are over. */
  close(): Promise<void> {
    return this.#closing.run(
      () => {
        for (const stream of [...this.#open.keys()]) {
          stream.close(CloseCode.goingAway, "the node shuts down");
        }
      },
      () => {
        for (const stream of [...this.#open.keys()]) stream.terminate();
      },
    );
  }
}
