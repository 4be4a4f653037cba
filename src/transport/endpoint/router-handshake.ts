/**
 * connectWithHandshake: a connection to a router, from the open socket over the handshake of its protocol to the
 * events of its peer.
 *
 * @module
 */

import type { SocketHandler } from "bun";

import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { Peer } from "#wamp/peer.ts";
import { connectFailure, connectsWithTls, openSocket, tlsState } from "./connect.ts";
import type { ConnectionEvents, ConnectionSocket } from "./connection.ts";

/** A connection to a router, or a stream of one. A connection has the address of its other side. */
export interface RouterSocket extends ConnectionSocket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

/** What a session needs of its connection to a router. */
export interface SessionNeeds {
  /** With more octets waiting, `Peer.send` answers false. */
  maxBuffered: number;
  /** What may wait for all clients; absent: no client is sent what the router sends. */
  maxOutgoing?: number;
  /** Milliseconds in which a message of the router must be complete; absent, or 0: unlimited. RawSocket only. */
  messageTimeout?: number | undefined;
  /** Aborts when the connection is no longer needed. */
  canceled?: AbortSignal;
}

/** The peer that takes over a connection whose handshake is done. */
export type ConnectedPeer = Peer & ConnectionEvents;

/** The handshake of one connection. */
export interface RouterHandshake {
  /** Is sent first. */
  readonly request: Uint8Array;
  /**
   * Takes octets of the answer. Gives those behind it when it is complete, null before that, or a sentence about
   * the state of the router why it cannot be used.
   */
  take(chunk: Uint8Array): Uint8Array | string | null;
  /** The peer of the connection, once the answer is complete. */
  peerOn(socket: RouterSocket): ConnectedPeer;
}

/** Opens a stream whose events these are; undefined: there are none, and a socket is opened. */
export type OpenStream = (events: ConnectionEvents) => Promise<ConnectionSocket | undefined>;

/** Opens a socket or a stream and makes the handshake; it is terminated when the signal aborts. */
export async function connectWithHandshake(
  endpoint: ConnectingEndpointConfig,
  handshake: RouterHandshake,
  signal: AbortSignal,
  openStream?: OpenStream,
): Promise<Peer> {
  const { promise, resolve, reject } = Promise.withResolvers<Peer>();
  // The promise may reject before it is awaited; `openSocket` then rejects with the reason.
  promise.catch(() => {});
  const data = new RouterConnection({ endpoint, handshake, resolve, reject });
  const stream = await openStream?.(data);
  if (stream === undefined) {
    await openSocket(endpoint, { socket: SOCKET_HANDLER, data, signal });
  } else if (signal.aborted) {
    stream.terminate();
  } else {
    signal.addEventListener("abort", () => stream.terminate(), { once: true });
    data.request(stream);
  }
  return promise;
}

interface PendingHandshake {
  endpoint: ConnectingEndpointConfig;
  handshake: RouterHandshake;
  resolve(peer: Peer): void;
  reject(failure: Error): void;
}

/** Receives the events of one connection: until its handshake is done, and then for its peer. */
class RouterConnection implements ConnectionEvents {
  #peer: ConnectedPeer | null = null;
  /** Null after the handshake, because many sessions are idle for a long time. */
  #pending: PendingHandshake | null;
  #socket: RouterSocket | null = null;

  constructor(pending: PendingHandshake) {
    this.#pending = pending;
  }

  /** Whether the router has to be authenticated before the handshake. */
  get isSecure(): boolean {
    return this.#pending !== null && connectsWithTls(this.#pending.endpoint);
  }

  /** Begins the handshake. */
  request(socket: RouterSocket): void {
    if (this.#pending === null) return;
    this.#socket = socket;
    socket.write(this.#pending.handshake.request);
  }

  /** The connection cannot be used. */
  fail(state: string): void {
    this.#pending?.reject(connectFailure(this.#pending.endpoint, state));
  }

  received(chunk: Uint8Array): void {
    if (this.#peer !== null) this.#peer.received(chunk);
    else if (this.#pending !== null) this.#takeAnswer(this.#pending, chunk);
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

  #takeAnswer({ handshake, resolve }: PendingHandshake, chunk: Uint8Array): void {
    const socket = this.#socket;
    const remainder = handshake.take(chunk);
    if (remainder === null || socket === null) return;
    if (typeof remainder === "string") {
      this.fail(remainder);
      socket.terminate();
      return;
    }
    const peer = handshake.peerOn(socket);
    this.#peer = peer;
    this.#pending = null;
    resolve(peer);
    if (remainder.length > 0) peer.received(remainder);
  }
}

const SOCKET_HANDLER: SocketHandler<RouterConnection> = {
  open(socket) {
    // With TLS the router is not authenticated yet.
    if (!socket.data.isSecure) socket.data.request(socket);
  },
  handshake(socket, isTrusted, fault) {
    if (isTrusted && fault === null) {
      socket.data.request(socket);
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
