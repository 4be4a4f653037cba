/**
 * WebSocketAcceptor: the WebSockets of one transport, from the request that asks for one to the end.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type {
  WebSocketOptions,
  WebSocketServiceConfig,
  WebSocketTesteeTransportConfig,
} from "#config/node-config.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { CloseCode, type ConnectionDetails, type Peer } from "#wamp/peer.ts";
import { openBatchedSession } from "./batched-peer.ts";
import { testeePage } from "./status-page.ts";
import { completeUpgrade } from "./stream-upgrade.ts";
import { judgeHandshake, judgeUpgrade } from "./upgrade.ts";
import { WebSocketPeer } from "./websocket-peer.ts";
import type { StreamOptions, StreamSocket, WebSocketStream } from "./websocket-stream.ts";
import { WebSocketTestee } from "./websocket-testee.ts";

/** What may stand at a path and make WebSockets of requests. */
export type WebSocketPathConfig = WebSocketServiceConfig | WebSocketTesteeTransportConfig;

/** Connections that are still open this long after `close` are cut off, in milliseconds. */
const CLOSE_DEADLINE_MS = 2000;

/** What a connection uses of a Bun socket. */
export interface WebSocketStreamSocket extends StreamSocket {
  end(): void;
}

/** The open WebSockets of one transport. */
export class WebSocketAcceptor {
  readonly #accept: AcceptPeerWithSession;
  readonly #log: TransportContext["log"];
  /** Program and release, for the header Server. */
  readonly #serverName: string;
  readonly #open = new Set<WebSocketConnection>();
  #empty: PromiseWithResolvers<void> | null = null;

  /** `accept` is called with every peer whose handshake is done. */
  constructor(accept: AcceptPeerWithSession, { log, nodeInfo }: TransportContext) {
    this.#accept = accept;
    this.#log = log;
    this.#serverName = `crossproxy/${nodeInfo.release}`;
  }

  /**
   * Makes a WebSocket of the connection on which a request came; null when the request is not fit
   * for it, and is to be answered as any other. What came behind the request is to be handed in
   * next.
   */
  upgrade(
    request: Request,
    config: WebSocketPathConfig,
    socket: WebSocketStreamSocket,
    connection: ConnectionDetails,
  ): WebSocketConnection | null {
    return config.type === "websocket"
      ? this.#upgradeToPeer(request, config, socket, connection)
      : this.#upgradeToTestee(request, config, socket, connection);
  }

  #upgradeToPeer(
    request: Request,
    config: WebSocketServiceConfig,
    socket: WebSocketStreamSocket,
    connection: ConnectionDetails,
  ): WebSocketConnection | null {
    const verdict = judgeUpgrade(request, config);
    if (verdict.kind === "answer") return null;
    const { serializer, isBatched, protocol } = verdict.chosen;
    const stream = this.#answer(request, protocol, config.options, socket, connection);
    const peer = new WebSocketPeer(stream, { ...connection, type: "websocket", serializer });
    const opened = this.#keep(peer, socket);
    const accept = (one: Peer) => this.#accept(one, config);
    try {
      peer.attach(isBatched ? openBatchedSession(peer, accept) : accept(peer));
    } catch (thrown) {
      this.#log.error("peer not accepted", { error: sentenceOf(thrown) });
      peer.close(CloseCode.internalError, "internal error");
    }
    return opened;
  }

  #upgradeToTestee(
    request: Request,
    { options }: WebSocketTesteeTransportConfig,
    socket: WebSocketStreamSocket,
    connection: ConnectionDetails,
  ): WebSocketConnection | null {
    if (judgeHandshake(request, options, testeePage) !== null) return null;
    const stream = this.#answer(request, "", options, socket, connection);
    return this.#keep(new WebSocketTestee(stream), socket);
  }

  /** Completes the handshake; a client's subprotocol is not answered where `protocol` is empty. */
  #answer(
    request: Request,
    protocol: string,
    options: WebSocketOptions,
    socket: WebSocketStreamSocket,
    { peer }: ConnectionDetails,
  ): StreamOptions {
    const server = options.show_server_version ? this.#serverName : null;
    const { answer, codec } = completeUpgrade(request.headers, { protocol, options, server });
    socket.write(answer, 0, answer.length);
    return { socket, options, peer, log: this.#log, codec };
  }

  #keep(stream: WebSocketStream, socket: WebSocketStreamSocket): WebSocketConnection {
    const connection = new WebSocketConnection(stream, socket, this);
    this.#open.add(connection);
    return connection;
  }

  /** Forgets a connection that is over. */
  forget(connection: WebSocketConnection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#empty?.resolve();
  }

  /** Closes every WebSocket with 1001, and waits until all are over. */
  async close(): Promise<void> {
    if (this.#open.size === 0) return;
    if (this.#empty !== null) return this.#empty.promise;
    const empty = Promise.withResolvers<void>();
    this.#empty = empty;
    for (const connection of [...this.#open]) connection.close();
    const deadline = setTimeout(() => {
      for (const connection of [...this.#open]) connection.terminate();
      empty.resolve();
    }, CLOSE_DEADLINE_MS);
    if (this.#open.size > 0) await empty.promise;
    clearTimeout(deadline);
  }
}

/** One WebSocket; takes the events of its socket. */
export class WebSocketConnection {
  readonly #stream: WebSocketStream;
  readonly #socket: WebSocketStreamSocket;
  readonly #acceptor: WebSocketAcceptor;

  constructor(stream: WebSocketStream, socket: WebSocketStreamSocket, acceptor: WebSocketAcceptor) {
    this.#stream = stream;
    this.#socket = socket;
    this.#acceptor = acceptor;
  }

  /** The socket has read octets, which are changed. */
  received(chunk: Uint8Array): void {
    this.#stream.received(chunk);
  }

  /** The socket is writable again. */
  drained(): void {
    this.#stream.drained();
  }

  /** The client sends nothing more, so a WebSocket is over. */
  ended(): void {
    this.#socket.end();
  }

  /** The socket is closed. */
  closed(error?: Error): void {
    this.#acceptor.forget(this);
    this.#stream.closed(error);
  }

  /** Says that the node goes away. */
  close(): void {
    this.#stream.close(CloseCode.goingAway, "the node shuts down");
  }

  /** Cuts the connection off. */
  terminate(): void {
    this.#socket.terminate();
  }
}
