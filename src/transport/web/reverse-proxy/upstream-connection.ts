/**
 * UpstreamConnection: a connection to the server behind a reverse proxy, over TCP, TLS or a Unix socket.
 *
 * @module
 */

import { Cancellation } from "#base/cancellation.ts";
import { sentenceOf } from "#base/failure.ts";
import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { connectFailure, connectsWithTls, failureOf } from "#transport/endpoint/connect.ts";
import { type ConnectingEvents, openConnection } from "#transport/endpoint/connecting-socket.ts";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { type DrainObserver, SocketWriter } from "#transport/endpoint/socket-writer.ts";

/** With more octets waiting for the server, `write` answers false. */
const MAX_WAITING_OCTETS = 64 * 1024;

/** Receives what a connection does. */
export interface UpstreamEvents {
  /** The server is reached, and is authenticated where the connection has TLS. */
  onUpstreamOpen(): void;
  /** Octets from the server, which are borrowed. */
  onUpstreamOctets(chunk: Uint8Array): void;
  /** `write` has answered false, and the server has taken enough since. */
  onUpstreamDrain(): void;
  /** The server sends nothing more; it may still read. */
  onUpstreamEnd(): void;
  /** The connection is closed, or was never open; not called after `destroy`. */
  onUpstreamLost(reason: string): void;
}

/** One connection; its receiver changes with the request that it is used for. */
export class UpstreamConnection implements ConnectingEvents, DrainObserver {
  readonly #endpoint: ConnectingEndpointConfig;
  readonly #canceled = new Cancellation();
  #events: UpstreamEvents | null;
  #socket: ConnectionSocket | null = null;
  #writer: SocketWriter | null = null;

  private constructor(endpoint: ConnectingEndpointConfig, events: UpstreamEvents) {
    this.#endpoint = endpoint;
    this.#events = events;
  }

  /** Begins to connect. */
  static open(endpoint: ConnectingEndpointConfig, events: UpstreamEvents): UpstreamConnection {
    const connection = new UpstreamConnection(endpoint, events);
    const signal = connection.#canceled;
    openConnection(endpoint, connection, { signal, isHalfOpen: true }).catch((thrown: unknown) => {
      connection.#lost(sentenceOf(failureOf(endpoint, thrown)));
    });
    return connection;
  }

  get isSecure(): boolean {
    return connectsWithTls(this.#endpoint);
  }

  /** Whether the server is reached and the connection not lost. */
  get isOpen(): boolean {
    return this.#writer !== null && this.#events !== null;
  }

  /** Has another receiver get the events from now on. */
  handTo(events: UpstreamEvents): void {
    this.#events = events;
  }

  /** Sends octets, which are borrowed. False: too many wait; `onUpstreamDrain` follows. */
  write(octets: Uint8Array): boolean {
    return this.#writer?.write(octets) ?? true;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Ends the writing side, after what waits. */
  end(): void {
    this.#writer?.end();
  }

  /** Closes the connection; no event follows. */
  destroy(): void {
    this.#events = null;
    this.#writer?.drop();
    this.#canceled.cancel();
    this.#socket?.terminate();
  }

  opened(socket: ConnectionSocket): void {
    if (this.#events === null) {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, MAX_WAITING_OCTETS, this);
    this.#events.onUpstreamOpen();
  }

  received(chunk: Uint8Array): void {
    this.#events?.onUpstreamOctets(chunk);
  }

  drained(): void {
    this.#writer?.drained();
  }

  onQueueDrained(): void {
    this.#events?.onUpstreamDrain();
  }

  ended(): void {
    if (this.isOpen) this.#events?.onUpstreamEnd();
    else this.refused("it closed the connection during the handshake");
  }

  refused(state: string): void {
    this.#lost(connectFailure(this.#endpoint, state).message);
  }

  closed(): void {
    this.#lost("the server closed the connection");
  }

  /** The connection has closed, or could not be opened. */
  #lost(reason: string): void {
    const events = this.#events;
    this.#events = null;
    this.#writer?.drop();
    events?.onUpstreamLost(reason);
  }
}
