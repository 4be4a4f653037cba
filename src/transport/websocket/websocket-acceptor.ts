/**
 * WebSocketAcceptor: the WebSockets of one transport, from the request that asks for one to the end.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { WebSocketServiceConfig } from "#config/node-config.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { CloseCode, type ConnectionDetails } from "#wamp/peer.ts";
import { completeUpgrade } from "./stream-upgrade.ts";
import { judgeUpgrade } from "./upgrade.ts";
import { type StreamSocket, WebSocketStreamPeer } from "./websocket-stream-peer.ts";

/** Connections that are still open this long after `close` are cut off, in milliseconds. */
const CLOSE_DEADLINE_MS = 2000;

/** What a connection uses of a Bun socket. */
export interface WebSocketStream extends StreamSocket {
  end(): void;
}

/** The open WebSockets of one transport. */
export class WebSocketAcceptor {
  readonly #accept: AcceptPeerWithSession;
  readonly #log: TransportContext["log"];
  readonly #open = new Set<WebSocketConnection>();
  #empty: PromiseWithResolvers<void> | null = null;

  /** `accept` is called with every peer whose handshake is done. */
  constructor(accept: AcceptPeerWithSession, log: TransportContext["log"]) {
    this.#accept = accept;
    this.#log = log;
  }

  /**
   * Makes a WebSocket of the connection on which a request came; null when the request is not fit
   * for it, and is to be answered as any other. What came behind the request is to be handed in
   * next.
   */
  upgrade(
    request: Request,
    config: WebSocketServiceConfig,
    socket: WebSocketStream,
    connection: ConnectionDetails,
  ): WebSocketConnection | null {
    const verdict = judgeUpgrade(request, config);
    if (verdict.kind === "answer") return null;
    const { chosen } = verdict;
    const { answer, codec } = completeUpgrade(request.headers, chosen, config);
    const peer = new WebSocketStreamPeer({
      socket,
      options: config.options,
      details: { ...connection, type: "websocket", serializer: chosen.serializer },
      log: this.#log,
      codec,
    });
    socket.write(answer, 0, answer.length);
    const opened = new WebSocketConnection(peer, socket, this);
    this.#open.add(opened);
    try {
      peer.attach(this.#accept(peer, config));
    } catch (thrown) {
      this.#log.error("peer not accepted", { error: sentenceOf(thrown) });
      peer.close(CloseCode.internalError, "internal error");
    }
    return opened;
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
  readonly #peer: WebSocketStreamPeer;
  readonly #socket: WebSocketStream;
  readonly #acceptor: WebSocketAcceptor;

  constructor(peer: WebSocketStreamPeer, socket: WebSocketStream, acceptor: WebSocketAcceptor) {
    this.#peer = peer;
    this.#socket = socket;
    this.#acceptor = acceptor;
  }

  /** The socket has read octets, which are changed. */
  received(chunk: Uint8Array): void {
    this.#peer.received(chunk);
  }

  /** The socket is writable again. */
  drained(): void {
    this.#peer.drained();
  }

  /** The client sends nothing more, so a WebSocket is over. */
  ended(): void {
    this.#socket.end();
  }

  /** The socket is closed. */
  closed(error?: Error): void {
    this.#acceptor.forget(this);
    this.#peer.closed(error);
  }

  /** Says that the node goes away. */
  close(): void {
    this.#peer.close(CloseCode.goingAway, "the node shuts down");
  }

  /** Cuts the connection off. */
  terminate(): void {
    this.#socket.terminate();
  }
}
