/**
 * SharedConnection: one connection to a router that carries many RawSocket connections as its streams, so that
 * one system call reads or writes the messages of many sessions.
 *
 * A router that does not offer it refuses the handshake, or closes the connection. Then each session has a
 * connection of its own, until the router was away.
 *
 * @module
 */

import type { SocketHandler } from "bun";

import type { CancelSignal } from "#base/cancellation.ts";
import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { connectFailure, connectWithTimeout, openSocket } from "#transport/endpoint/connect.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { YamuxConnection } from "#transport/yamux/yamux-connection.ts";
import type { YamuxStream } from "#transport/yamux/yamux-stream.ts";
import { grantsMultiplexed, HandshakeCollector, multiplexedRequest } from "./handshake.ts";

/** The connection to one router, opened when it is first needed. */
export class SharedConnection {
  readonly #endpoint: ConnectingEndpointConfig;
  /** Null: the router is known not to offer streams. */
  #opened: Promise<YamuxConnection | null> | null | undefined;

  constructor(endpoint: ConnectingEndpointConfig) {
    this.#endpoint = endpoint;
  }

  /**
   * Opens a stream; undefined: the router does not offer any.
   *
   * @throws Failure from the router's side when the router cannot be reached.
   */
  async openStream(events: ConnectionEvents): Promise<YamuxStream | undefined> {
    const first = await this.#usable();
    const connection = first === undefined ? await this.#usable() : first;
    if (connection === null) return undefined;
    if (connection === undefined) {
      throw connectFailure(
        this.#endpoint,
        "it takes no sessions on a connection that it has granted",
      );
    }
    const stream = connection.open();
    stream.attach(events);
    return stream;
  }

  /** The connection; null: the router does not offer streams. Undefined: no more can be opened on this connection. */
  async #usable(): Promise<YamuxConnection | null | undefined> {
    if (this.#opened === null) return null;
    const opened = this.#opened ?? this.#open();
    this.#opened = opened;
    const connection = await opened;
    if (connection === null || connection.isUsable) return connection;
    if (this.#opened === opened) this.#opened = undefined;
    return undefined;
  }

  /** The router could not be reached: it may be another one from now on, and is asked again. */
  forgetRefusal(): void {
    if (this.#opened === null) this.#opened = undefined;
  }

  async #open(): Promise<YamuxConnection | null> {
    try {
      const connection = await connectWithTimeout(this.#endpoint, (signal) =>
        this.#handshake(signal),
      );
      if (connection === null) this.#opened = null;
      return connection;
    } catch (thrown) {
      this.#opened = undefined;
      throw thrown;
    }
  }

  async #handshake(signal: CancelSignal): Promise<YamuxConnection | null> {
    const { promise, resolve } = Promise.withResolvers<YamuxConnection | null>();
    const data = new MultiplexedHandshake(resolve);
    await openSocket(this.#endpoint, { socket: SOCKET_HANDLER, data, signal });
    return promise;
  }
}

/** Receives the events of the connection: until its handshake is done, and then for its streams. */
class MultiplexedHandshake {
  readonly #resolve: (connection: YamuxConnection | null) => void;
  readonly #answer = new HandshakeCollector();
  connection: YamuxConnection | undefined;

  constructor(resolve: (connection: YamuxConnection | null) => void) {
    this.#resolve = resolve;
  }

  /** Reads the router's answer. */
  received(socket: ConnectionSocket, chunk: Uint8Array): void {
    const remainder = this.#answer.push(chunk);
    if (!this.#answer.isComplete) return;
    if (!grantsMultiplexed(this.#answer.octets)) {
      this.refused();
      socket.terminate();
      return;
    }
    this.connection = new YamuxConnection(socket, {});
    this.#resolve(this.connection);
    if (remainder.length > 0) this.connection.received(remainder);
  }

  /** The router does not offer streams. */
  refused(): void {
    this.#resolve(null);
  }
}

const SOCKET_HANDLER: SocketHandler<MultiplexedHandshake> = {
  open: (socket) => void socket.write(multiplexedRequest()),
  data(socket, chunk) {
    const { connection } = socket.data;
    if (connection === undefined) socket.data.received(socket, chunk);
    else connection.received(chunk);
  },
  drain: (socket) => socket.data.connection?.drained(),
  close(socket, error) {
    socket.data.connection?.closed(error);
    socket.data.refused();
  },
  error: (socket) => socket.terminate(),
};
