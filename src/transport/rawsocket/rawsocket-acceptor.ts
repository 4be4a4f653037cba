/**
 * RawSocketAcceptor: the RawSocket connections of one transport, from the handshake to the close.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { RawSocketOptions } from "#config/options/rawsocket-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectionLimit, ConnectionSlot } from "#transport/endpoint/connection-limit.ts";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import { printAuthority } from "#transport/endpoint/peer-address.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { YamuxConnection } from "#transport/yamux/yamux-connection.ts";
import { CloseCode, type ConnectionDetails } from "#wamp/peer.ts";
import { trustsProxies } from "#wamp/proxy-trust.ts";
import {
  type Agreement,
  answerHandshake,
  HandshakeCollector,
  tooManyConnections,
} from "./handshake.ts";
import { RawSocketPeer, type RawSocketPeerOptions } from "./rawsocket-peer.ts";

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Time for a refused client to read the answer and to close. */
const CLOSE_DEADLINE_MS = 1000;

/** The RawSocket side of a transport, with the transport's id. */
export interface RawSocketServiceConfig extends SessionConfig {
  id: string;
  options: RawSocketOptions;
}

/** What a RawSocket transport does with clients. */
export interface RawSocketService {
  config: RawSocketServiceConfig;
  /** Called with every peer after its handshake. */
  accept: AcceptPeerWithSession;
  /** Undefined where connections are not counted. */
  limit?: ConnectionLimit | undefined;
}

/** The open connections of one RawSocket transport. */
export class RawSocketAcceptor {
  readonly log: TransportContext["log"];
  #service: RawSocketService;
  /** The same object for all connections of a service. */
  #supervision: NonNullable<RawSocketPeerOptions["supervision"]>;
  readonly #open = new Set<RawSocketConnection>();
  readonly #closing = new GracefulClose(this.#open);

  constructor(service: RawSocketService, log: TransportContext["log"]) {
    this.log = log;
    this.#service = service;
    this.#supervision = { options: service.config.options, log };
  }

  /** What holds for handshakes from now on. */
  get service(): RawSocketService {
    return this.#service;
  }

  /** Changes what holds for handshakes from now on. */
  use(service: RawSocketService): void {
    this.#service = service;
    this.#supervision = { options: service.config.options, log: this.log };
  }

  /** How the clients of the service are supervised. */
  get supervision(): NonNullable<RawSocketPeerOptions["supervision"]> {
    return this.#supervision;
  }

  /** Takes a connection over; gives the receiver of its socket's events. */
  accept(socket: ConnectionSocket, details: ConnectionDetails): RawSocketConnection {
    const { auth } = this.#service.config;
    const isForProxies = auth !== "passthrough" && trustsProxies(auth);
    return this.#accept(socket, details, isForProxies && details.isUnixSocket);
  }

  /** Takes a stream of a connection over, in the same way. */
  acceptStream(stream: ConnectionSocket, details: ConnectionDetails): RawSocketConnection {
    return this.#accept(stream, details, false);
  }

  #accept(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    mayMultiplex: boolean,
  ): RawSocketConnection {
    const slot = this.#service.limit?.take(details.peer);
    const handshake = new HandshakeCollector(mayMultiplex);
    const connection = new RawSocketConnection(socket, details, this, { slot, handshake });
    this.#open.add(connection);
    if (slot === null) connection.refuseTooMany();
    return connection;
  }

  /** Notes that a connection has closed. */
  noteClosed(connection: RawSocketConnection): void {
    this.#open.delete(connection);
    this.#closing.noteClosed();
  }

  /** Ends every connection, and waits until all are closed. */
  close(): Promise<void> {
    return this.#closing.run((connection) => connection.close());
  }
}

/** One connection of a client. */
export class RawSocketConnection implements ConnectionEvents {
  readonly #socket: ConnectionSocket;
  readonly #acceptor: RawSocketAcceptor;
  /** Null after the handshake. */
  #details: ConnectionDetails | null;
  #handshake: HandshakeCollector | null;
  #deadline: ReturnType<typeof setTimeout> | null;
  #peer: RawSocketPeer | null = null;
  /** In place of a peer: the streams of this connection. */
  #streams: YamuxConnection | undefined;
  readonly #slot: ConnectionSlot | null | undefined;

  /** `slot`: undefined where connections are not counted; null: none was free. */
  constructor(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    acceptor: RawSocketAcceptor,
    begin: { slot: ConnectionSlot | null | undefined; handshake: HandshakeCollector },
  ) {
    this.#slot = begin.slot;
    this.#handshake = begin.handshake;
    this.#socket = socket;
    this.#details = details;
    this.#acceptor = acceptor;
    this.#deadline = setTimeout(() => {
      this.#refuse(`no handshake within ${HANDSHAKE_TIMEOUT_MS} ms`, null);
    }, HANDSHAKE_TIMEOUT_MS);
  }

  get isInHandshake(): boolean {
    return this.#handshake !== null;
  }

  received(chunk: Uint8Array): void {
    if (this.#peer !== null) this.#peer.received(chunk);
    else if (this.#handshake !== null) this.#readHandshake(this.#handshake, chunk);
    else this.#streams?.received(chunk);
  }

  drained(): void {
    this.#peer?.drained();
    this.#streams?.drained();
  }

  /** RawSocket has no half-open connections, but for the last message of a session. */
  ended(): void {
    if (this.#peer === null) this.#socket.end();
    else this.#peer.ended();
  }

  closed(error: Error | undefined): void {
    this.#stopDeadline();
    this.#slot?.release();
    try {
      this.#peer?.closed(error);
      this.#streams?.closed(error);
    } finally {
      this.#acceptor.noteClosed(this);
    }
  }

  /** Closes the connection because the node shuts down. */
  close(): void {
    if (this.#peer !== null) this.#peer.close(CloseCode.goingAway, "the node shuts down");
    else if (this.#streams !== undefined) this.#streams.close();
    else this.#socket.terminate();
  }

  /** Terminates the connection. */
  terminate(): void {
    this.#socket.terminate();
  }

  #readHandshake(handshake: HandshakeCollector, chunk: Uint8Array): void {
    const remainder = handshake.push(chunk);
    if (!handshake.isComplete && !handshake.isForeign) return;
    this.#stopDeadline();
    const { serializers, options } = this.#acceptor.service.config;
    const maxOctets = options.max_message_size;
    const { mayMultiplex } = handshake;
    const answer = answerHandshake(handshake.octets, { serializers, maxOctets, mayMultiplex });
    if (answer.agreement === null) {
      // A proxy that asks for streams goes on without.
      if (answer.isExpected && answer.reply !== null) this.#sendRefusal(answer.reply);
      else this.#refuse(answer.sentence, answer.reply);
      return;
    }
    this.#socket.write(answer.reply, 0, answer.reply.length);
    const receiver =
      answer.agreement === "multiplexed" ? this.#openStreams() : this.#openPeer(answer.agreement);
    if (receiver !== null && remainder.length > 0) receiver.received(remainder);
  }

  /** Every stream is counted as a connection, but not this one any more. */
  #openStreams(): YamuxConnection {
    const details = this.#takeDetails();
    const acceptor = this.#acceptor;
    const { log } = acceptor;
    const fields = { transport: acceptor.service.config.id, peer: details.peer };
    this.#slot?.release();
    this.#streams = new YamuxConnection(this.#socket, {
      accept: (stream) => acceptor.acceptStream(stream, details),
      onStreamFailed: (error) => log.error("rawsocket event failed", { ...fields, error }),
      onClosed: (reason) => log.debug("connection of a proxy closed", { ...fields, reason }),
    });
    return this.#streams;
  }

  #takeDetails(): ConnectionDetails {
    const details = this.#details as ConnectionDetails;
    this.#details = null;
    this.#handshake = null;
    return details;
  }

  #openPeer(agreement: Agreement): RawSocketPeer | null {
    const { service, supervision, log } = this.#acceptor;
    const { config, accept } = service;
    const details = this.#takeDetails();
    const peer = new RawSocketPeer({
      socket: this.#socket,
      agreement,
      details: { ...details, type: "rawsocket", serializer: agreement.serializer },
      maxBuffered: config.options.max_buffered,
      maxOutgoing: config.options.max_outgoing,
      supervision,
    });
    try {
      peer.attach(accept(peer, config));
    } catch (thrown) {
      log.error("peer not accepted", { transport: config.id, error: sentenceOf(thrown) });
      this.#socket.terminate();
      return null;
    }
    this.#peer = peer;
    return peer;
  }

  #refuse(reason: string, reply: Uint8Array | null): void {
    const { service, log } = this.#acceptor;
    const peer = this.#details?.peer;
    log.warn("rawsocket handshake refused", { transport: service.config.id, peer, reason });
    if (reply === null) {
      this.#handshake = null;
      this.#socket.terminate();
      return;
    }
    this.#sendRefusal(reply);
  }

  /** Refuses a client beyond the connection limit, even before its handshake. */
  refuseTooMany(): void {
    this.#stopDeadline();
    this.#sendRefusal(tooManyConnections());
  }

  #sendRefusal(reply: Uint8Array): void {
    this.#handshake = null;
    this.#socket.write(reply, 0, reply.length);
    this.#socket.shutdown();
    this.#deadline = setTimeout(() => this.#socket.terminate(), CLOSE_DEADLINE_MS);
  }

  #stopDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
  }
}

/** The URL of a RawSocket endpoint. */
export function rawSocketUrl(endpoint: ListeningEndpointConfig, port: number | null): string {
  if (endpoint.type === "unix") return `rs+unix:${endpoint.path}`;
  const scheme = endpoint.tls === undefined ? "rs" : "rss";
  return `${scheme}://${printAuthority(endpoint.interface, port)}`;
}
