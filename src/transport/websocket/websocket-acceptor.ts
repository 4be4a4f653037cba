/**
 * WebSocketAcceptor: the WebSockets of one transport, from the request with the handshake to the close.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { WebSocketTesteeTransportConfig } from "#config/transport/testee-config.ts";
import type { WebSocketServiceConfig } from "#config/web-service/web-service-config.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectionLimit, ConnectionSlot } from "#transport/endpoint/connection-limit.ts";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { RefusedConnection } from "#transport/http/refused-connection.ts";
import { traceContextOf } from "#transport/http/trace-context.ts";
import type { TrustedProxies } from "#transport/http/trusted-proxies.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { MqttWebSockets } from "#transport/mqtt/mqtt-websocket.ts";
import { CloseCode, type ConnectionDetails, type Peer, type PeerHandler } from "#wamp/peer.ts";
import { openBatchedSession } from "./batched-peer.ts";
import type { CookieTracker } from "./cookie-tracker.ts";
import { answerHandshake, type HandshakeAnswerOptions } from "./handshake-answer.ts";
import { checkHandshake, checkWampHandshake } from "./handshake-check.ts";
import { testeePage } from "./status-page.ts";
import { type ChosenSubprotocol, MQTT_SUBPROTOCOL } from "./subprotocol.ts";
import { ticketInCookie } from "./token-cookie.ts";
import type {
  WebSocketConnection,
  WebSocketConnectionOptions,
  WebSocketOwner,
} from "./websocket-connection.ts";
import { WebSocketPeer } from "./websocket-peer.ts";
import { WebSocketTestee } from "./websocket-testee.ts";

/** A service that makes WebSockets of requests. */
export type WebSocketPathConfig = WebSocketServiceConfig | WebSocketTesteeTransportConfig;

const TOO_MANY_CONNECTIONS = "There are too many connections. Try again later.";

/** What the WebSockets of a transport share; `limit` and `proxies` only where they are configured. */
export interface WebSocketAcceptorOptions {
  /** Called with every peer after its handshake. */
  accept: AcceptPeerWithSession;
  limit: ConnectionLimit | undefined;
  proxies: TrustedProxies | undefined;
  /** The line Strict-Transport-Security of a refusal. */
  strictTransport: string;
  /** The tracker of each path that issues a cookie. */
  cookies: ReadonlyMap<WebSocketPathConfig, CookieTracker>;
}

/** The open WebSockets of one transport. */
export class WebSocketAcceptor implements WebSocketOwner {
  #options: WebSocketAcceptorOptions;
  readonly log: TransportContext["log"];
  /** Program and release, for the Server header. */
  readonly #serverName: string;
  /** The open WebSockets and their slots; undefined where connections are not counted. */
  readonly #open = new Map<WebSocketConnection, ConnectionSlot | undefined>();
  readonly #closing = new GracefulClose(this.#open);
  readonly #mqtt: MqttWebSockets;

  constructor(context: TransportContext, options: WebSocketAcceptorOptions) {
    this.#options = options;
    this.log = context.log;
    this.#serverName = `crossproxy/${context.nodeInfo.release}`;
    this.#mqtt = new MqttWebSockets(context);
  }

  /** Changes what holds for handshakes from now on. */
  use(options: WebSocketAcceptorOptions): void {
    this.#options = options;
  }

  /**
   * Makes a WebSocket of a connection by its request; gives the receiver of the socket's events, which
   * then has to get the octets after the head. Null: the handshake is invalid, and the request is
   * answered as any other. Beyond the connection limit the request is answered with 503.
   */
  upgrade(
    request: HttpRequest,
    config: WebSocketPathConfig,
    socket: ConnectionSocket,
    connection: ConnectionDetails,
  ): ConnectionEvents | null {
    return config.type === "websocket"
      ? this.#upgradeToPeer(request, config, socket, connection)
      : this.#upgradeToTestee(request, config, socket, connection);
  }

  #upgradeToPeer(
    request: HttpRequest,
    config: WebSocketServiceConfig,
    socket: ConnectionSocket,
    accepted: ConnectionDetails,
  ): ConnectionEvents | null {
    const decision = checkWampHandshake(request, config);
    if (decision.kind === "answer") return null;
    const connection = this.#clientOf(request, accepted);
    const slot = this.#options.limit?.take(connection.peer);
    if (slot === null) {
      const { strictTransport } = this.#options;
      return new RefusedConnection(socket, 503, {
        sentence: TOO_MANY_CONNECTIONS,
        strictTransport,
      });
    }
    const { serializer, protocol } = decision.chosen;
    const cookies = this.#options.cookies.get(config);
    const cookie = cookies?.track(request.headers.get("cookie"), Date.now());
    const answer = { protocol, options: config.options, setCookie: cookie?.setCookie ?? null };
    const open = this.#connectionOptions(request, answer, socket, connection);
    const peer = new WebSocketPeer(open, {
      ...connection,
      type: "websocket",
      serializer,
      ...traceContextOf(request.headers),
      ...ticketInCookie(config.auth, request.headers),
      ...(cookies && cookie && { cookieId: cookie.id, cookie: cookies.cookieOf(cookie) }),
    });
    this.#open.set(peer, slot);
    try {
      peer.attach(this.#openSession(peer, config, decision.chosen));
    } catch (thrown) {
      this.log.error("peer not accepted", { error: sentenceOf(thrown) });
      peer.close(CloseCode.internalError, "internal error");
    }
    return peer;
  }

  #openSession(
    peer: Peer,
    config: WebSocketServiceConfig,
    { isBatched, protocol }: ChosenSubprotocol,
  ): PeerHandler {
    const { accept } = this.#options;
    if (protocol === MQTT_SUBPROTOCOL && config.mqtt !== undefined) {
      return this.#mqtt.open(peer, config.mqtt, accept);
    }
    const open = (wampPeer: Peer) => accept(wampPeer, config);
    return isBatched ? openBatchedSession(peer, open) : open(peer);
  }

  #upgradeToTestee(
    request: HttpRequest,
    { options }: WebSocketTesteeTransportConfig,
    socket: ConnectionSocket,
    connection: ConnectionDetails,
  ): WebSocketTestee | null {
    if (checkHandshake(request, options, testeePage) !== null) return null;
    const open = this.#connectionOptions(
      request,
      { protocol: "", options, setCookie: null },
      socket,
      connection,
    );
    const testee = new WebSocketTestee(open);
    this.#open.set(testee, undefined);
    return testee;
  }

  /** The details of the client: those of the connection, or those that a trusted proxy names. */
  #clientOf(request: HttpRequest, accepted: ConnectionDetails): ConnectionDetails {
    const peer = this.#options.proxies?.clientOf(request.headers, accepted.peer);
    // A client behind an HTTP proxy is not local, even if the proxy uses a Unix socket.
    return peer === undefined ? accepted : { ...accepted, peer, isUnixSocket: false };
  }

  /** What a WebSocket is made of, with the answer that completes its handshake. */
  #connectionOptions(
    request: HttpRequest,
    fields: Omit<HandshakeAnswerOptions, "server">,
    socket: ConnectionSocket,
    { peer }: ConnectionDetails,
  ): WebSocketConnectionOptions {
    const { options } = fields;
    const server = options.show_server_version ? this.#serverName : null;
    const { answer, codec } = answerHandshake(request.headers, { ...fields, server });
    return { socket, answer, options, peer, codec, owner: this };
  }

  /** Notes that a WebSocket has closed. */
  noteClosed(connection: WebSocketConnection): void {
    this.#open.get(connection)?.release();
    this.#open.delete(connection);
    this.#closing.noteClosed();
  }

  /** Closes every WebSocket with 1001, and waits until all are closed. */
  close(): Promise<void> {
    return this.#closing.run((connection) => {
      connection.close(CloseCode.goingAway, "the node shuts down");
    });
  }
}
