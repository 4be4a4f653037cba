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

/** A connection to a router, which has the address of its other side. */
export interface RouterSocket extends ConnectionSocket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
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

/** Opens a socket and makes the handshake; the socket is terminated when the signal aborts. */
export async function connectWithHandshake(
  endpoint: ConnectingEndpointConfig,
  handshake: RouterHandshake,
  signal: AbortSignal,
): Promise<Peer> {
  const { promise, resolve, reject } = Promise.withResolvers<Peer>();
  // The promise may reject before it is awaited; `openSocket` then rejects with the reason.
  promise.catch(() => {});
  const data = new RouterConnection({ endpoint, handshake, resolve, reject });
  await openSocket(endpoint, { socket: SOCKET_HANDLER, data, signal });
  return promise;
}

interface PendingHandshake {
  endpoint: ConnectingEndpointConfig;
  handshake: RouterHandshake;
  resolve(peer: Peer): void;
  reject(failure: Error): void;
}

/** Receives the events of one connection: until its handshake is done, and then for its peer. */
class RouterConnection {
  #peer: ConnectedPeer | null = null;
  /** Null after the handshake, because many sessions are idle for a long time. */
  #pending: PendingHandshake | null;

  constructor(pending: PendingHandshake) {
    this.#pending = pending;
  }

  /** Whether the router has to be authenticated before the handshake. */
  get isSecure(): boolean {
    return this.#pending !== null && connectsWithTls(this.#pending.endpoint);
  }

  /** Begins the handshake. */
  request(socket: RouterSocket): void {
    if (this.#pending !== null) socket.write(this.#pending.handshake.request);
  }

  /** The connection cannot be used. */
  fail(state: string): void {
    this.#pending?.reject(connectFailure(this.#pending.endpoint, state));
  }

  received(socket: RouterSocket, chunk: Uint8Array): void {
    if (this.#peer !== null) this.#peer.received(chunk);
    else if (this.#pending !== null) this.#takeAnswer(socket, this.#pending, chunk);
  }

  drained(): void {
    this.#peer?.drained();
  }

  closed(error: Error | undefined): void {
    this.#peer?.closed(error);
    this.fail("it closed the connection during the handshake");
  }

  #takeAnswer(
    socket: RouterSocket,
    { handshake, resolve }: PendingHandshake,
    chunk: Uint8Array,
  ): void {
    const remainder = handshake.take(chunk);
    if (remainder === null) return;
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
  data: (socket, chunk) => socket.data.received(socket, chunk),
  drain: (socket) => socket.data.drained(),
  close: (socket, error) => socket.data.closed(error),
  error(socket, error) {
    // An error of a socket event handler or of TLS; other errors come with the close event.
    socket.data.fail(tlsState(error));
    socket.terminate();
  },
};
