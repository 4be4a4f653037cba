/**
 * MqttClient: one connection of a client, from its octets to its packets and back. What the packets mean is the matter
 * of its session, which may change when the client takes over one that was kept for it.
 *
 * @module
 */

import { generate, type Packet } from "mqtt-packet";
import { sentenceOf } from "#base/failure.ts";
import type { MqttOptions } from "#config/mqtt/mqtt-config.ts";
import { MessageDeadline } from "#transport/endpoint/message-deadline.ts";
import { type InputDecoder, PacedInput, PauseReason } from "#transport/endpoint/paced-input.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { type KeptAlive, keepAlive } from "./keep-alive.ts";
import { PacketFault } from "./packet-fault.ts";
import { type PacketHandler, PacketReader } from "./packet-reader.ts";
import { type ClientPacket, type MqttVersion, readPacket } from "./read-packet.ts";
import { Reason } from "./reason-codes.ts";

/** What carries the octets of one client: a socket, or a WebSocket. */
export interface OctetChannel {
  readonly details: ConnectionDetails;
  /** Octets that this process holds until the other side takes them. */
  readonly bufferedOctets: number;
  /** Sends octets, which are borrowed. False: they are taken, but too many wait; `drained` of the client follows. */
  write(octets: Uint8Array): boolean;
  flush(): void;
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes; `reason` is a code of MQTT 5. */
  end(reason: number, sentence: string): void;
}

/** The session that packets are for. */
export interface PacketReceiver {
  /** @throws PacketFault when the client may not send the packet. */
  onPacket(packet: ClientPacket, client: MqttClient): void;
  /** Too little waits for the client again. */
  onClientDrained(): void;
  /** The connection has ended; `reason`: why, unless its client has ended it. */
  onClientLost(client: MqttClient, reason: string): void;
  /** The connection is about to be ended for what its client has sent. */
  onClientFault(fault: PacketFault): void;
}

/** A message takes so long to arrive that its client is given up. */
const TOO_SLOW = "a packet was not complete in time";

/** One connection. */
export class MqttClient implements InputDecoder, PacketHandler, KeptAlive {
  version: MqttVersion = 4;
  /** Whether CONNACK has let the client in, so that it is told by DISCONNECT why its connection ends. */
  isLetIn = false;
  silenceMs = 0;
  keepAliveSecond = 0;
  readonly #channel: OctetChannel;
  readonly #input: PacedInput;
  readonly #reader: PacketReader;
  readonly #messageTimeout: number;
  /** Undefined until a packet arrives in several reads. */
  #deadline: MessageDeadline | undefined;
  /** When octets last arrived, by the clock of reading. */
  #heardAt = 0;
  #receiver: PacketReceiver;
  #state: "open" | "closing" | "closed" = "open";

  constructor(channel: OctetChannel, options: MqttOptions, receiver: PacketReceiver) {
    this.#channel = channel;
    this.#receiver = receiver;
    this.#messageTimeout = options.message_timeout;
    this.#input = new PacedInput(channel, this);
    this.#reader = new PacketReader(options.max_message_size, options.max_incomplete);
  }

  get details(): ConnectionDetails {
    return this.#channel.details;
  }

  get bufferedOctets(): number {
    return this.#channel.bufferedOctets;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Packets are for this session from now on. */
  use(receiver: PacketReceiver): void {
    this.#receiver = receiver;
  }

  /** Ends the connection when the client is silent for one and a half times so many seconds; 0: never. */
  keepAlive(seconds: number): void {
    this.silenceMs = 1500 * seconds;
    this.#heardAt = this.#input.readingMs;
    if (seconds > 0) keepAlive.add(this);
  }

  get silentMs(): number {
    return this.#input.isPaused ? 0 : this.#input.readingMs - this.#heardAt;
  }

  onSilence(): void {
    this.close(Reason.keepAliveTimeout, "no sign of life of the client");
  }

  /** Longest packet that is taken from now on. */
  limitPackets(octets: number): void {
    this.#reader.limitPackets(octets);
  }

  /** Stops reading, for a reason of `PauseReason`. */
  pause(reason: number): void {
    this.#input.pause(reason);
  }

  /** A reason not to read is gone. */
  resume(reason: number): void {
    if (this.#input.isPausedFor(reason)) this.#input.resume(reason);
  }

  /** Octets have arrived, which nothing else uses. */
  received(chunk: Uint8Array): void {
    if (this.silenceMs > 0) this.#heardAt = this.#input.readingMs;
    this.#input.received(chunk);
  }

  decode(octets: Uint8Array): number {
    try {
      this.#reader.push(octets, this);
    } catch (thrown) {
      this.#fail(thrown);
      return octets.length;
    }
    const { completed, incompleteOctets } = this.#reader;
    if (incompleteOctets > 0) {
      this.#deadline ??= new MessageDeadline(this.#messageTimeout, this.#input, () =>
        this.#fail(new PacketFault(TOO_SLOW, Reason.unspecified)),
      );
    }
    this.#deadline?.note(completed, incompleteOctets);
    return this.#reader.position;
  }

  takePacket(octets: Uint8Array): boolean {
    // The handler may have taken the octets.
    const { length } = octets;
    this.#receiver.onPacket(readPacket(octets, this.version), this);
    return this.#input.mayContinue(length);
  }

  /** Sends a packet; false: too much waits. */
  send(packet: Packet): boolean {
    return this.write(generate(packet, { protocolVersion: this.version }));
  }

  /** Sends the octets of a packet, which are borrowed; false: too much waits. */
  write(octets: Uint8Array): boolean {
    if (this.#state !== "open" || this.#channel.write(octets)) return true;
    // A client that takes no answers is asked for no more packets.
    this.pause(PauseReason.pongs);
    return false;
  }

  /** Sends what was written until now in one go. */
  flush(): void {
    this.#channel.flush();
  }

  /** The channel takes octets again. */
  drained(): void {
    if (this.#state !== "open") return;
    this.resume(PauseReason.pongs);
    this.#receiver.onClientDrained();
  }

  /** Ends the connection; a client of MQTT 5 is told the reason. */
  close(reason: number, sentence: string): void {
    if (this.#state !== "open") return;
    if (this.version === 5 && this.isLetIn) this.send({ cmd: "disconnect", reasonCode: reason });
    this.#stop("closing");
    this.#channel.end(reason, sentence);
  }

  /** The connection has ended. */
  closed(reason: string): void {
    if (this.#state === "closed") return;
    this.#stop("closed");
    this.#receiver.onClientLost(this, reason);
  }

  #stop(state: "closing" | "closed"): void {
    this.#state = state;
    keepAlive.remove(this);
    this.#deadline?.stop();
    this.#reader.drop();
    this.#input.stop();
  }

  /** A client that breaks the protocol, or a session that fails, ends alone. */
  #fail(thrown: unknown): void {
    const fault =
      thrown instanceof PacketFault
        ? thrown
        : new PacketFault(`internal error: ${sentenceOf(thrown)}`, Reason.implementationError);
    this.#receiver.onClientFault(fault);
    this.close(fault.reason, fault.message);
  }
}
