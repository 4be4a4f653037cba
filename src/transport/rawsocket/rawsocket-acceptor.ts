/**
 * RawSocketAcceptor: connections that clients opened, from the handshake to the end, whoever listens.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type {
  ListeningEndpointConfig,
  RawSocketOptions,
  SessionConfig,
} from "#config/node-config.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectionLimit, ConnectionSlot } from "#transport/endpoint/connection-limit.ts";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { CloseCode, type ConnectionDetails } from "#wamp/peer.ts";
import {
  type Agreement,
  answerHandshake,
  HandshakeCollector,
  tooManyConnections,
} from "./handshake.ts";
import { RawSocketPeer } from "./rawsocket-peer.ts";

const HANDSHAKE_DEADLINE_MS = 10_000;

/** A client that was refused has this long to read why and to close. */
const REFUSED_DEADLINE_MS = 1000;

/** How sessions begin here, and the id of the transport. */
export interface RawSocketServiceConfig extends SessionConfig {
  id: string;
  options: RawSocketOptions;
}

/** The open connections of one RawSocket transport. */
export class RawSocketAcceptor {
  readonly config: RawSocketServiceConfig;
  readonly log: TransportContext["log"];
  readonly acceptPeer: AcceptPeerWithSession;
  readonly #limit: ConnectionLimit | undefined;
  readonly #open = new Set<RawSocketConnection>();
  readonly #closing = new GracefulClose(() => this.#open.size === 0);

  /** `accept` is called with every peer whose handshake is done. */
  constructor(
    config: RawSocketServiceConfig,
    accept: AcceptPeerWithSession,
    log: TransportContext["log"],
    limit: ConnectionLimit | undefined,
  ) {
    this.config = config;
    this.acceptPeer = accept;
    this.log = log;
    this.#limit = limit;
  }

  /** Takes a connection; its socket's events are to be handed on to what is returned. */
  accept(socket: ConnectionSocket, details: ConnectionDetails): RawSocketConnection {
    const slot = this.#limit?.take(details.peer);
    const connection = new RawSocketConnection(socket, details, this, slot);
    this.#open.add(connection);
    if (slot === null) connection.refuseTooMany();
    return connection;
  }

  /** Forgets a connection that is over. */
  forget(connection: RawSocketConnection): void {
    this.#open.delete(connection);
    this.#closing.noteClosed();
  }

  /** Ends every connection, and waits until all are over. */
  close(): Promise<void> {
    return this.#closing.run(
      () => {
        for (const connection of [...this.#open]) connection.close();
      },
      () => {
        for (const connection of [...this.#open]) connection.terminate();
      },
    );
  }
}

/** One connection of a client. */
export class RawSocketConnection implements ConnectionEvents {
  readonly #socket: ConnectionSocket;
  readonly #acceptor: RawSocketAcceptor;
  /** Null once the handshake is over. */
  #details: ConnectionDetails | null;
  #handshake: HandshakeCollector | null = new HandshakeCollector();
  #deadline: ReturnType<typeof setTimeout> | null;
  #peer: RawSocketPeer | null = null;
  readonly #slot: ConnectionSlot | null | undefined;

  /** `place`: undefined where connections are not counted; null: there was none. */
  constructor(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    acceptor: RawSocketAcceptor,
    slot: ConnectionSlot | null | undefined,
  ) {
    this.#slot = slot;
    this.#socket = socket;
    this.#details = details;
    this.#acceptor = acceptor;
    this.#deadline = setTimeout(() => {
      this.#refuse(`no handshake within ${HANDSHAKE_DEADLINE_MS} ms`, null);
    }, HANDSHAKE_DEADLINE_MS);
  }

  /** The socket has read octets. */
  received(chunk: Uint8Array): void {
    if (this.#peer !== null) this.#peer.received(chunk);
    else if (this.#handshake !== null) this.#readHandshake(this.#handshake, chunk);
  }

  /** The socket is writable again. */
  drained(): void {
    this.#peer?.drained();
  }

  /** The client sends nothing more: RawSocket has no use for half a connection. */
  ended(): void {
    this.#socket.end();
  }

  /** The socket is closed. */
  closed(error: Error | undefined): void {
    this.#stopDeadline();
    this.#slot?.release();
    try {
      this.#peer?.closed(error);
    } finally {
      this.#acceptor.forget(this);
    }
  }

  /** Tells the client that the node shuts down. */
  close(): void {
    if (this.#peer === null) this.#socket.terminate();
    else this.#peer.close(CloseCode.goingAway, "the node shuts down");
  }

  /** Cuts the connection off. */
  terminate(): void {
    this.#socket.terminate();
  }

  #readHandshake(handshake: HandshakeCollector, chunk: Uint8Array): void {
    const rest = handshake.push(chunk);
    if (!handshake.isComplete && !handshake.isForeign) return;
    this.#stopDeadline();
    const { serializers, options } = this.#acceptor.config;
    const maxOctets = options.max_message_size;
    const answer = answerHandshake(handshake.octets, { serializers, maxOctets });
    if (answer.agreement === null) {
      this.#refuse(answer.sentence, answer.reply);
      return;
    }
    this.#socket.write(answer.reply, 0, answer.reply.length);
    const peer = this.#peerFor(answer.agreement);
    if (peer !== null && rest.length > 0) peer.received(rest);
  }

  #peerFor(agreement: Agreement): RawSocketPeer | null {
    const { config, acceptPeer, log } = this.#acceptor;
    const details = this.#details as ConnectionDetails;
    this.#details = null;
    this.#handshake = null;
    const peer = new RawSocketPeer({
      socket: this.#socket,
      agreement,
      details: { ...details, type: "rawsocket", serializer: agreement.serializer },
      maxBuffered: config.options.max_buffered,
      pings: { options: config.options, log },
    });
    try {
      peer.attach(acceptPeer(peer, config));
    } catch (thrown) {
      log.error("peer not accepted", { transport: config.id, error: sentenceOf(thrown) });
      this.#socket.terminate();
      return null;
    }
    this.#peer = peer;
    return peer;
  }

  #refuse(reason: string, reply: Uint8Array | null): void {
    const { config, log } = this.#acceptor;
    const peer = this.#details?.peer;
    log.warn("rawsocket handshake refused", { transport: config.id, peer, reason });
    if (reply === null) {
      this.#handshake = null;
      this.#socket.terminate();
      return;
    }
    this.#sendRefusal(reply);
  }

  /** Says that there are too many connections; the client need not have begun its handshake. */
  refuseTooMany(): void {
    this.#stopDeadline();
    this.#sendRefusal(tooManyConnections());
  }

  #sendRefusal(reply: Uint8Array): void {
    this.#handshake = null;
    this.#socket.write(reply, 0, reply.length);
    this.#socket.shutdown();
    this.#deadline = setTimeout(() => this.#socket.terminate(), REFUSED_DEADLINE_MS);
  }

  #stopDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
  }
}

/** Where a RawSocket endpoint is reached. */
export function rawSocketUrl(endpoint: ListeningEndpointConfig, port: number | null): string {
  if (endpoint.type === "unix") return `rs+unix:${endpoint.path}`;
  const scheme = endpoint.tls === undefined ? "rs" : "rss";
  const host = endpoint.interface;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
