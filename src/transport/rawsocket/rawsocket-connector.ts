/**
 * connectRawSocketPeer: connects to a router over RawSocket.
 *
 * @module
 */

import type { SocketHandler } from "bun";

import type { ConnectingRawSocketConfig } from "#config/connection/connection-config.ts";
import {
  connectFailure,
  connectsWithTls,
  connectWithTimeout,
  openSocket,
  tlsState,
} from "#transport/endpoint/connect.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";
import { printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import type { Peer, PeerHandler, TransportDetails } from "#wamp/peer.ts";
import {
  HandshakeCollector,
  type HandshakeOptions,
  handshakeRequest,
  readHandshakeAnswer,
} from "./handshake.ts";
import { RawSocketPeer, type RawSocketPeerOptions } from "./rawsocket-peer.ts";
import type { SharedConnection } from "./shared-connection.ts";

/** What a session needs of its connection. */
interface SessionOptions {
  /** With more octets waiting, `Peer.send` answers false. */
  maxBuffered: number;
  /** What may wait for all clients; absent: no client is sent what the router sends. */
  maxOutgoing?: number;
  /** Milliseconds in which a message of the router must be complete; absent, or 0: unlimited. */
  messageTimeout?: number | undefined;
  /** Aborts when the connection is no longer needed. */
  canceled?: AbortSignal;
}

/**
 * Opens a RawSocket connection to a router, handshake included, within the endpoint's deadline. With `shared`
 * it is a stream of that connection, if the router grants streams.
 */
export function connectRawSocketPeer(
  config: ConnectingRawSocketConfig,
  { maxBuffered, maxOutgoing, messageTimeout, canceled }: SessionOptions,
  handler: PeerHandler,
  shared?: SharedConnection,
): Promise<Peer> {
  const attempt = async (signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Peer>();
    // The promise may reject before it is awaited; `openSocket` then rejects with the reason.
    promise.catch(() => {});
    const answer = new HandshakeCollector();
    const gate = maxOutgoing === undefined ? undefined : new LongMessageGate(maxOutgoing);
    const limits = { maxBuffered, gate, messageTimeout };
    const pending = { config, limits, handler, answer, resolve, reject };
    const data = new ConnectingPeer(pending);
    const stream = await shared?.openStream(data);
    if (stream === undefined) {
      await openSocket(config.endpoint, { socket: SOCKET_HANDLER, data, signal });
    } else if (signal.aborted) {
      stream.terminate();
    } else {
      signal.addEventListener("abort", () => stream.terminate(), { once: true });
      data.requestHandshake(stream);
    }
    return promise;
  };
  return connectWithTimeout(config.endpoint, attempt, canceled);
}

/** A connection whose handshake is not done. */
interface PendingHandshake {
  config: ConnectingRawSocketConfig;
  limits: Pick<RawSocketPeerOptions, "maxBuffered" | "gate" | "messageTimeout">;
  handler: PeerHandler;
  answer: HandshakeCollector;
  resolve(peer: Peer): void;
  reject(failure: Error): void;
}

/** Receives the events of one connection: until its handshake is done, and then for its peer. */
class ConnectingPeer implements ConnectionEvents {
  #peer: RawSocketPeer | null = null;
  /** Null after the handshake, because many sessions are idle for a long time. */
  #pending: PendingHandshake | null;
  #socket: ConnectingSocket | null = null;

  constructor(pending: PendingHandshake) {
    this.#pending = pending;
  }

  /** Whether the router has to be authenticated before the handshake. */
  get isSecure(): boolean {
    return this.#pending !== null && connectsWithTls(this.#pending.config.endpoint);
  }

  /** Begins the handshake. */
  requestHandshake(socket: ConnectingSocket): void {
    if (this.#pending === null) return;
    this.#socket = socket;
    socket.write(handshakeRequest(optionsOf(this.#pending.config)));
  }

  /** The connection cannot be used. */
  fail(state: string): void {
    this.#pending?.reject(connectFailure(this.#pending.config.endpoint, state));
  }

  received(chunk: Uint8Array): void {
    if (this.#peer !== null) this.#peer.received(chunk);
    else if (this.#pending !== null) this.#readAnswer(this.#pending, chunk);
  }

  drained(): void {
    this.#peer?.drained();
  }

  ended(): void {
    this.#socket?.end();
  }

  closed(error: Error | undefined): void {
    this.#peer?.closed(error);
    this.fail("it closed the connection during the handshake");
  }

  #readAnswer(pending: PendingHandshake, chunk: Uint8Array): void {
    const { config, limits, handler, answer } = pending;
    const socket = this.#socket;
    const remainder = answer.push(chunk);
    if (!answer.isComplete || socket === null) return;
    const agreement = readHandshakeAnswer(answer.octets, optionsOf(config));
    if (typeof agreement === "string") {
      this.fail(agreement);
      socket.terminate();
      return;
    }
    const peer = new RawSocketPeer({
      socket,
      agreement,
      details: detailsOf(socket, config),
      ...limits,
    });
    this.#peer = peer;
    this.#pending = null;
    peer.attach(handler);
    pending.resolve(peer);
    if (remainder.length > 0) peer.received(remainder);
  }
}

/** A stream, or a socket of Bun, which has the address of the other side. */
interface ConnectingSocket extends ConnectionSocket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

const SOCKET_HANDLER: SocketHandler<ConnectingPeer> = {
  open(socket) {
    // With TLS the router is not authenticated yet.
    if (!socket.data.isSecure) socket.data.requestHandshake(socket);
  },
  handshake(socket, isTrusted, fault) {
    if (isTrusted && fault === null) {
      socket.data.requestHandshake(socket);
      return;
    }
    socket.data.fail(fault === null ? "its certificate is not trusted" : tlsState(fault));
    socket.terminate();
  },
  data: (socket, chunk) => socket.data.received(chunk),
  drain: (socket) => socket.data.drained(),
  close: (socket, error) => socket.data.closed(error),
  error(socket, error) {
    // An error of a socket event handler or of TLS; other errors come with the close event.
    socket.data.fail(tlsState(error));
    socket.terminate();
  },
};

function optionsOf(config: ConnectingRawSocketConfig): HandshakeOptions {
  return { serializer: config.serializer, maxOctets: config.max_message_size };
}

/** What all connections to a Unix socket have in common. */
const unixDetails = new WeakMap<ConnectingRawSocketConfig, TransportDetails>();

function detailsOf(socket: ConnectingSocket, config: ConnectingRawSocketConfig): TransportDetails {
  const { endpoint, serializer } = config;
  if (endpoint.type === "tcp") {
    const peer = printTcpPeer(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    const isSecure = connectsWithTls(endpoint);
    return { peer, type: "rawsocket", serializer, isSecure, isUnixSocket: false };
  }
  const details = unixDetails.get(config) ?? {
    peer: printUnixPeer(endpoint.path),
    type: "rawsocket",
    serializer,
    isSecure: false,
    isUnixSocket: true,
  };
  unixDetails.set(config, details);
  return details;
}
