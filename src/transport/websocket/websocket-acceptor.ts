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
import { Closing } from "#transport/endpoint/closing.ts";
import type { ConnectionLimit, Place } from "#transport/endpoint/connection-limit.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { CloseCode, type ConnectionDetails, type Peer } from "#wamp/peer.ts";
import { openBatchedSession } from "./batched-peer.ts";
import type { CookieTracker } from "./cookie-tracker.ts";
import type { ForwardingProxies } from "./forwarding-proxies.ts";
import { testeePage } from "./status-page.ts";
import { completeUpgrade, type UpgradeTerms } from "./stream-upgrade.ts";
import { judgeHandshake, judgeUpgrade } from "./upgrade.ts";
import { WebSocketPeer } from "./websocket-peer.ts";
import type {
  StreamOptions,
  StreamOwner,
  StreamSocket,
  WebSocketStream,
} from "./websocket-stream.ts";
import { WebSocketTestee } from "./websocket-testee.ts";

/** What may stand at a path and make WebSockets of requests. */
export type WebSocketPathConfig = WebSocketServiceConfig | WebSocketTesteeTransportConfig;

/** A client that was refused has this long to read why and to close. */
const REFUSED_DEADLINE_MS = 1000;

const NO_PLACE_SENTENCE = "There are too many connections. Try again later.\n";
const NO_PLACE = Buffer.from(
  [
    "HTTP/1.1 503 Service Unavailable",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${NO_PLACE_SENTENCE.length}`,
    "Connection: close",
    "",
    NO_PLACE_SENTENCE,
  ].join("\r\n"),
);

/** Takes the events of a connection that was, or was not, made a WebSocket. */
export interface UpgradedConnection {
  received(chunk: Uint8Array): void;
  drained(): void;
  ended(): void;
  closed(error: Error | undefined): void;
}

/** What a transport grants its WebSockets; each undefined where it is not configured. */
export interface Admission {
  limit: ConnectionLimit | undefined;
  proxies: ForwardingProxies | undefined;
  /** Of each path that issues a cookie. */
  cookies: ReadonlyMap<WebSocketPathConfig, CookieTracker>;
}

/** The open WebSockets of one transport. */
export class WebSocketAcceptor implements StreamOwner {
  readonly #accept: AcceptPeerWithSession;
  readonly #admission: Admission;
  readonly #log: TransportContext["log"];
  /** Program and release, for the header Server. */
  readonly #serverName: string;
  /** Each with its place; undefined where connections are not counted. */
  readonly #open = new Map<WebSocketStream, Place | undefined>();
  readonly #closing = new Closing(() => this.#open.size === 0);

  /** `accept` is called with every peer whose handshake is done. */
  constructor(
    accept: AcceptPeerWithSession,
    { log, nodeInfo }: TransportContext,
    admission: Admission,
  ) {
    this.#accept = accept;
    this.#admission = admission;
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
    socket: StreamSocket,
    connection: ConnectionDetails,
  ): UpgradedConnection | null {
    return config.type === "websocket"
      ? this.#upgradeToPeer(request, config, socket, connection)
      : this.#upgradeToTestee(request, config, socket, connection);
  }

  #upgradeToPeer(
    request: Request,
    config: WebSocketServiceConfig,
    socket: StreamSocket,
    direct: ConnectionDetails,
  ): UpgradedConnection | null {
    const verdict = judgeUpgrade(request, config);
    if (verdict.kind === "answer") return null;
    const connection = this.#clientOf(request, direct);
    const place = this.#admission.limit?.take(connection.peer);
    if (place === null) return new RefusedConnection(socket);
    const { serializer, isBatched, protocol } = verdict.chosen;
    const cookies = this.#admission.cookies.get(config);
    const cookie = cookies?.track(request.headers.get("cookie"), Date.now());
    const terms = { protocol, options: config.options, setCookie: cookie?.setCookie ?? null };
    const stream = this.#answer(request, terms, socket, connection);
    const peer = new WebSocketPeer(stream, {
      ...connection,
      type: "websocket",
      serializer,
      ...(cookies && cookie && { cookieId: cookie.id, cookie: cookies.cookieOf(cookie) }),
    });
    this.#open.set(peer, place);
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
    socket: StreamSocket,
    connection: ConnectionDetails,
  ): WebSocketTestee | null {
    if (judgeHandshake(request, options, testeePage) !== null) return null;
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
    const peer = this.#admission.proxies?.clientOf(request.headers, direct.peer);
    // A client that came through a proxy for HTTP is no program of this machine.
    return peer === undefined ? direct : { ...direct, peer, isUnixSocket: false };
  }

  /** Completes the handshake; a client's subprotocol is not answered where `protocol` is empty. */
  #answer(
    request: Request,
    terms: Omit<UpgradeTerms, "server">,
    socket: StreamSocket,
    { peer }: ConnectionDetails,
  ): StreamOptions {
    const { options } = terms;
    const server = options.show_server_version ? this.#serverName : null;
    const { answer, codec } = completeUpgrade(request.headers, { ...terms, server });
    socket.write(answer, 0, answer.length);
    return { socket, options, peer, log: this.#log, codec, owner: this };
  }

  /** A WebSocket is over. */
  forget(stream: WebSocketStream): void {
    this.#open.get(stream)?.release();
    this.#open.delete(stream);
    this.#closing.noteOver();
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

/** A client that found no place: it has a second to read the answer, and is not listened to. */
class RefusedConnection implements UpgradedConnection {
  readonly #socket: StreamSocket;
  readonly #deadline: ReturnType<typeof setTimeout>;

  constructor(socket: StreamSocket) {
    this.#socket = socket;
    socket.write(NO_PLACE, 0, NO_PLACE.length);
    socket.shutdown();
    this.#deadline = setTimeout(() => socket.terminate(), REFUSED_DEADLINE_MS);
  }

  received(): void {}

  drained(): void {}

  ended(): void {
    this.#socket.end();
  }

  closed(): void {
    clearTimeout(this.#deadline);
  }
}
