/**
 * The listening side of RawSocket: each connection that shakes hands becomes a peer.
 *
 * @module
 */

import type { Socket, SocketHandler } from "bun";

import { sentenceOf } from "#base/failure.ts";
import type { RawSocketTransportConfig } from "#config/node-config.ts";
import { type ListeningSocket, listenOn } from "#transport/endpoint/listen.ts";
import { printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "#transport/listener.ts";
import { CloseCode, type SerializerName, type TransportDetails } from "#wamp/peer.ts";
import { answerHandshake, HandshakeCollector } from "./handshake.ts";
import { RawSocketPeer } from "./rawsocket-peer.ts";

const HANDSHAKE_DEADLINE_MS = 10_000;

/** A client that was refused has this long to read why and to close. */
const REFUSED_DEADLINE_MS = 1000;

/** Connections that are still open this long after `close` are cut off. */
const CLOSE_DEADLINE_MS = 2000;

/** The state of one connection, kept at its socket. */
interface Connection {
  handshake: HandshakeCollector;
  peer: RawSocketPeer | null;
  deadline: ReturnType<typeof setTimeout>;
  isRefused: boolean;
}

/**
 * Listens for RawSocket clients. `accept` is called with every peer whose handshake is done.
 *
 * @throws Failure when the endpoint cannot be listened on.
 */
export async function startRawSocketListener(
  config: RawSocketTransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  const listener = new RawSocketListener(config, accept, context);
  await listener.start();
  return listener;
}

/** One RawSocket transport and its open connections. */
class RawSocketListener implements Listener {
  readonly id: string;
  readonly urls: string[] = [];
  readonly #config: RawSocketTransportConfig;
  readonly #accept: AcceptPeerWithSession;
  readonly #log: TransportContext["log"];
  readonly #open = new Set<Socket<Connection>>();
  #listening: ListeningSocket | null = null;
  #empty: PromiseWithResolvers<void> | null = null;

  constructor(
    config: RawSocketTransportConfig,
    accept: AcceptPeerWithSession,
    context: TransportContext,
  ) {
    this.id = config.id;
    this.#config = config;
    this.#accept = accept;
    this.#log = context.log;
  }

  /** Begins to listen. */
  async start(): Promise<void> {
    this.#listening = await listenOn(this.#config.endpoint, this.#socketHandler(), this.#log);
    this.urls.push(this.#url(this.#listening.port));
  }

  stopAccepting(): void {
    this.#listening?.stop();
    this.#listening = null;
  }

  renewCertificates(): void {
    this.#listening?.renewCertificates();
  }

  async close(): Promise<void> {
    this.stopAccepting();
    if (this.#open.size === 0) return;
    if (this.#empty !== null) return this.#empty.promise;
    const empty = Promise.withResolvers<void>();
    this.#empty = empty;
    for (const socket of this.#open) {
      const { peer } = socket.data;
      if (peer === null) socket.terminate();
      else peer.close(CloseCode.goingAway, "the node shuts down");
    }
    const deadline = setTimeout(() => {
      for (const socket of this.#open) socket.terminate();
      empty.resolve();
    }, CLOSE_DEADLINE_MS);
    if (this.#open.size > 0) await empty.promise;
    clearTimeout(deadline);
  }

  #socketHandler(): SocketHandler<Connection> {
    return {
      open: (socket) => this.#opened(socket),
      // With this handler `open` comes before the TLS handshake, so that its deadline holds for both.
      handshake() {},
      data: (socket, chunk) => {
        const { peer } = socket.data;
        if (peer !== null) peer.received(chunk);
        else if (!socket.data.isRefused) this.#shakeHands(socket, chunk);
      },
      drain: (socket) => socket.data.peer?.drained(),
      close: (socket, error) => this.#closed(socket, error),
      error: (socket, error) => {
        this.#log.error("rawsocket event failed", { transport: this.id, error: error.message });
        socket.terminate();
      },
    };
  }

  #opened(socket: Socket<Connection>): void {
    const deadline = setTimeout(() => {
      this.#refuse(socket, `no handshake within ${HANDSHAKE_DEADLINE_MS} ms`, null);
    }, HANDSHAKE_DEADLINE_MS);
    socket.data = { handshake: new HandshakeCollector(), peer: null, deadline, isRefused: false };
    this.#open.add(socket);
  }

  #closed(socket: Socket<Connection>, error: Error | undefined): void {
    if (!this.#open.delete(socket)) return;
    clearTimeout(socket.data.deadline);
    try {
      socket.data.peer?.closed(error);
    } finally {
      if (this.#open.size === 0) this.#empty?.resolve();
    }
  }

  #shakeHands(socket: Socket<Connection>, chunk: Uint8Array): void {
    const { handshake, deadline } = socket.data;
    const rest = handshake.push(chunk);
    if (!handshake.isComplete && !handshake.isForeign) return;
    clearTimeout(deadline);
    const { serializers, options } = this.#config;
    const maxOctets = options.max_message_size;
    const answer = answerHandshake(handshake.octets, { serializers, maxOctets });
    if (answer.agreement === null) {
      this.#refuse(socket, answer.sentence, answer.reply);
      return;
    }
    socket.write(answer.reply);
    const details = this.#details(socket, answer.agreement.serializer);
    const peer = new RawSocketPeer({
      socket,
      agreement: answer.agreement,
      details,
      maxBuffered: options.max_buffered,
    });
    try {
      peer.attach(this.#accept(peer, this.#config));
    } catch (thrown) {
      this.#log.error("peer not accepted", { transport: this.id, error: sentenceOf(thrown) });
      socket.terminate();
      return;
    }
    socket.data.peer = peer;
    if (rest.length > 0) peer.received(rest);
  }

  #refuse(socket: Socket<Connection>, reason: string, reply: Uint8Array | null): void {
    const peer = this.#peerAddress(socket);
    this.#log.warn("rawsocket handshake refused", { transport: this.id, peer, reason });
    socket.data.isRefused = true;
    if (reply === null) {
      socket.terminate();
      return;
    }
    socket.write(reply);
    socket.shutdown();
    socket.data.deadline = setTimeout(() => socket.terminate(), REFUSED_DEADLINE_MS);
  }

  #details(socket: Socket<Connection>, serializer: SerializerName): TransportDetails {
    const { endpoint } = this.#config;
    return {
      peer: this.#peerAddress(socket),
      type: "rawsocket",
      serializer,
      isSecure: endpoint.type === "tcp" && endpoint.tls !== undefined,
      isUnixSocket: endpoint.type === "unix",
    };
  }

  #peerAddress(socket: Socket<Connection>): string {
    const { endpoint } = this.#config;
    if (endpoint.type === "unix") return printUnixPeer(endpoint.path);
    return printTcpPeer(socket.remoteAddress, socket.remotePort);
  }

  #url(port: number | null): string {
    const { endpoint } = this.#config;
    if (endpoint.type === "unix") return `rs+unix:${endpoint.path}`;
    const scheme = endpoint.tls === undefined ? "rs" : "rss";
    const host = endpoint.interface;
    return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }
}
