/**
 * connectWithHandshake: a connection to a router or another server, from the open socket over the handshake of its
 * protocol to the receiver of its events.
 *
 * @module
 */

import type { CancelSignal } from "#base/cancellation.ts";
import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { connectFailure, connectsWithTls } from "./connect.ts";
import {
  type ConnectedSocket,
  type ConnectingEvents,
  openConnection,
} from "./connecting-socket.ts";
import type { ConnectionEvents, ConnectionSocket } from "./connection.ts";

/** The handshake of one connection, and what takes the connection over when it is done. */
export interface ClientHandshake<Connected extends ConnectionEvents> {
  /** Is sent first. */
  readonly request: Uint8Array;
  /**
   * Takes octets of the answer. Gives those behind it when it is complete, null before that, or a sentence about
   * the state of the server why it cannot be used.
   */
  take(chunk: Uint8Array): Uint8Array | string | null;
  /** What receives the events of the connection, once the answer is complete. */
  connectedOn(socket: ConnectedSocket): Connected;
}

/** Opens a stream whose events these are; undefined: there are none, and a socket is opened. */
export type OpenStream = (events: ConnectionEvents) => Promise<ConnectionSocket | undefined>;

/** Opens a socket or a stream and makes the handshake; it is terminated when the signal aborts. */
export async function connectWithHandshake<Connected extends ConnectionEvents>(
  endpoint: ConnectingEndpointConfig,
  handshake: ClientHandshake<Connected>,
  signal: CancelSignal,
  openStream?: OpenStream,
): Promise<Connected> {
  const { promise, resolve, reject } = Promise.withResolvers<Connected>();
  // The promise may reject before it is awaited; `openConnection` then rejects with the reason.
  promise.catch(() => {});
  const connection = new ClientConnection<Connected>({ endpoint, handshake, resolve, reject });
  const stream = await openStream?.(connection);
  if (stream === undefined) {
    await openConnection(endpoint, connection, { signal, isHalfOpen: false });
  } else if (signal.aborted) {
    stream.terminate();
  } else {
    signal.addEventListener("abort", () => stream.terminate());
    connection.opened(stream);
  }
  return promise;
}

interface PendingHandshake<Connected extends ConnectionEvents> {
  endpoint: ConnectingEndpointConfig;
  handshake: ClientHandshake<Connected>;
  resolve(connected: Connected): void;
  reject(failure: Error): void;
}

/** Receives the events of one connection: until its handshake is done, and then for what takes it over. */
class ClientConnection<Connected extends ConnectionEvents> implements ConnectingEvents {
  #connected: Connected | null = null;
  /** Null after the handshake, because many sessions are idle for a long time. */
  #pending: PendingHandshake<Connected> | null;
  #socket: ConnectedSocket | null = null;

  constructor(pending: PendingHandshake<Connected>) {
    this.#pending = pending;
  }

  get isSecure(): boolean {
    return this.#pending !== null && connectsWithTls(this.#pending.endpoint);
  }

  /** Begins the handshake. */
  opened(socket: ConnectedSocket): void {
    if (this.#pending === null) return;
    this.#socket = socket;
    socket.write(this.#pending.handshake.request);
  }

  refused(state: string): void {
    this.#pending?.reject(connectFailure(this.#pending.endpoint, state));
  }

  received(chunk: Uint8Array): void {
    if (this.#connected !== null) this.#connected.received(chunk);
    else if (this.#pending !== null) this.#takeAnswer(this.#pending, chunk);
  }

  drained(): void {
    this.#connected?.drained();
  }

  ended(): void {
    this.#socket?.end();
  }

  closed(error: Error | undefined): void {
    this.#connected?.closed(error);
    this.refused("it closed the connection during the handshake");
  }

  #takeAnswer({ handshake, resolve }: PendingHandshake<Connected>, chunk: Uint8Array): void {
    const socket = this.#socket;
    const remainder = handshake.take(chunk);
    if (remainder === null || socket === null) return;
    if (typeof remainder === "string") {
      this.refused(remainder);
      socket.terminate();
      return;
    }
    const connected = handshake.connectedOn(socket);
    this.#connected = connected;
    this.#pending = null;
    resolve(connected);
    if (remainder.length > 0) connected.received(remainder);
  }
}
