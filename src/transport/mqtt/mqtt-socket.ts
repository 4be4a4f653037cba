/**
 * MqttSocket: a client over a socket of its own.
 *
 * @module
 */

import type { MqttOptions } from "#config/mqtt/mqtt-config.ts";
import { disconnects } from "#observe/disconnects.ts";
import type { Logger } from "#observe/logger.ts";
import { slowClients } from "#observe/slow-clients.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { type DrainObserver, SocketWriter } from "#transport/endpoint/socket-writer.ts";
import { CloseCode, type ConnectionDetails } from "#wamp/peer.ts";
import { MqttClient, type OctetChannel, type PacketReceiver } from "./mqtt-client.ts";
import { closeCodeOf } from "./reason-codes.ts";

/** What a connection is made of. */
export interface MqttSocketOptions {
  receiver: PacketReceiver;
  log: Logger;
  /** Called once, when the connection is closed. */
  onClosed: () => void;
}

/** One connection; receives the events of its socket. */
export class MqttSocket implements ConnectionEvents, OctetChannel, DrainObserver {
  readonly details: ConnectionDetails;
  readonly client: MqttClient;
  readonly #socket: ConnectionSocket;
  readonly #writer: SocketWriter;
  readonly #log: Logger;
  readonly #onClosed: () => void;
  #closeReason = "";

  constructor(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    options: MqttOptions,
    { receiver, log, onClosed }: MqttSocketOptions,
  ) {
    this.details = details;
    this.#socket = socket;
    this.#log = log;
    this.#onClosed = onClosed;
    this.#writer = new SocketWriter(socket, options.max_buffered, this, options.max_outgoing);
    this.client = new MqttClient(this, options, receiver);
  }

  get bufferedOctets(): number {
    return this.#writer.bufferedOctets;
  }

  write(octets: Uint8Array): boolean {
    return this.#writer.write(octets);
  }

  flush(): void {
    this.#writer.flush();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(reason: number, sentence: string): void {
    disconnects.count(closeCodeOf(reason));
    this.#closeReason ||= sentence;
    this.#writer.end();
  }

  /** Terminates the connection. */
  terminate(): void {
    this.#socket.terminate();
  }

  received(chunk: Uint8Array): void {
    this.client.received(chunk);
  }

  drained(): void {
    this.#writer.drained();
  }

  /** MQTT has no half-open connections. */
  ended(): void {
    this.#socket.end();
  }

  closed(error: Error | undefined): void {
    this.#writer.drop();
    this.#closeReason ||= error === undefined ? "connection closed" : error.message;
    try {
      this.client.closed(this.#closeReason);
    } finally {
      this.#onClosed();
    }
  }

  /** The writer's queue is short again. */
  onQueueDrained(): void {
    this.client.drained();
  }

  /** The writer gives the connection up. */
  onQueueOverflow(waiting: number, reason: string): void {
    disconnects.count(CloseCode.abnormal);
    this.#closeReason ||= reason;
    slowClients.cutOff += 1;
    this.#log.warn("client did not read", { peer: this.details.peer, waiting, reason });
  }
}
