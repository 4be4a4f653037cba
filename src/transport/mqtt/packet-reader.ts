/**
 * PacketReader: cuts chunks of octets into whole MQTT packets, by the length that each announces.
 *
 *     30                type and flags
 *     80 80 01          octets that follow, 7 bits an octet, the lowest first: at most four octets
 *     ...
 *
 * (MQTT 5.0, section 2.1.)
 *
 * @module
 */

import { MessageCollector, TOO_MANY_INCOMPLETE } from "#transport/endpoint/message-collector.ts";
import { PacketFault } from "./packet-fault.ts";
import { Reason } from "./reason-codes.ts";

const MAX_HEAD_OCTETS = 5;

/** A length that is not complete. */
const INCOMPLETE = -1;

/** Receives the packets. */
export interface PacketHandler {
  /** Takes one packet, whose octets are borrowed. False: the reader halts; `push` is to be called again with the rest. */
  takePacket(octets: Uint8Array): boolean;
}

/** Cuts a stream into packets; a packet that lies within one chunk is passed on as a view. */
export class PacketReader {
  readonly #longestOctets: number;
  readonly #maxIncompleteOctets: number;
  #maxOctets: number;
  /** What has arrived of a packet whose length is not known. */
  #head: Uint8Array | undefined;
  #headOctets = 0;
  /** A packet of known length, of which the end has not arrived. */
  #collector: MessageCollector | undefined;
  #total = 0;
  /** Octets of the last chunk that are done with. */
  position = 0;
  /** Packets that were complete; tells an incomplete one from the next. */
  completed = 0;

  /** `maxIncompleteOctets`: what the incomplete messages of the process may hold when a packet here grows. */
  constructor(maxOctets: number, maxIncompleteOctets: number) {
    this.#longestOctets = maxOctets;
    this.#maxOctets = maxOctets;
    this.#maxIncompleteOctets = maxIncompleteOctets;
  }

  /** Sets the longest packet from now on, up to that of the beginning. */
  limitPackets(maxOctets: number): void {
    this.#maxOctets = Math.min(maxOctets, this.#longestOctets);
  }

  /** Octets of a packet whose end has not arrived. */
  get incompleteOctets(): number {
    return this.#collector?.length ?? this.#headOctets;
  }

  /**
   * Reads a chunk up to `position`, which is its end unless the reader halts before.
   *
   * @throws PacketFault when a packet is too long, its length is malformed, or there is no memory for it.
   */
  push(chunk: Uint8Array, handler: PacketHandler): void {
    this.position = chunk.length;
    let at = 0;
    if (this.#headOctets > 0) at = this.#completeHead(chunk);
    if (this.#collector !== undefined) {
      at = this.#collect(this.#collector, chunk, at);
      if (this.#collector.length < this.#total) return;
      if (!this.#takeCollected(this.#collector, handler)) {
        this.position = at;
        return;
      }
    }
    while (at < chunk.length) {
      const total = this.#octetsOf(chunk, at);
      if (total === INCOMPLETE) {
        this.#keepHead(chunk.subarray(at));
        return;
      }
      const end = at + total;
      if (end > chunk.length) {
        this.#total = total;
        this.#collector = new MessageCollector(this.#maxIncompleteOctets);
        this.#collect(this.#collector, chunk, at);
        return;
      }
      this.completed += 1;
      const packet = chunk.subarray(at, end);
      at = end;
      if (!handler.takePacket(packet)) {
        this.position = at;
        return;
      }
    }
  }

  /** Discards what was collected. */
  drop(): void {
    this.#head = undefined;
    this.#headOctets = 0;
    this.#collector?.drop();
    this.#collector = undefined;
  }

  #keepHead(octets: Uint8Array): void {
    this.#head = new Uint8Array(MAX_HEAD_OCTETS);
    this.#head.set(octets);
    this.#headOctets = octets.length;
  }

  /** Adds octets until the length is known; gives the next position in the chunk. */
  #completeHead(chunk: Uint8Array): number {
    const head = this.#head as Uint8Array;
    let at = 0;
    let total = INCOMPLETE;
    while (total === INCOMPLETE && at < chunk.length) {
      head[this.#headOctets++] = chunk[at++] as number;
      total = this.#octetsOf(head.subarray(0, this.#headOctets), 0);
    }
    if (total === INCOMPLETE) return at;
    this.#total = total;
    this.#collector = new MessageCollector(this.#maxIncompleteOctets);
    this.#append(this.#collector, head, 0, this.#headOctets);
    this.#head = undefined;
    this.#headOctets = 0;
    return at;
  }

  #collect(collector: MessageCollector, chunk: Uint8Array, start: number): number {
    const end = Math.min(chunk.length, start + this.#total - collector.length);
    if (end > start) this.#append(collector, chunk, start, end);
    return end;
  }

  #append(collector: MessageCollector, octets: Uint8Array, start: number, end: number): void {
    const announced = this.#total - collector.length - (end - start);
    if (collector.append(octets, start, end, announced)) return;
    throw new PacketFault(TOO_MANY_INCOMPLETE, Reason.quotaExceeded);
  }

  #takeCollected(collector: MessageCollector, handler: PacketHandler): boolean {
    this.#collector = undefined;
    this.completed += 1;
    return handler.takePacket(collector.take());
  }

  /** The octets of the packet that begins here. */
  #octetsOf(octets: Uint8Array, start: number): number {
    let length = 0;
    for (let index = 1; index < MAX_HEAD_OCTETS; index++) {
      const octet = octets[start + index];
      if (octet === undefined) return INCOMPLETE;
      length += (octet & 0x7f) * 128 ** (index - 1);
      if (octet < 0x80) {
        const total = index + 1 + length;
        if (total <= this.#maxOctets) return total;
        throw new PacketFault(
          `a packet of ${total} octets is longer than the ${this.#maxOctets} taken`,
          Reason.packetTooLarge,
        );
      }
    }
    throw new PacketFault("the length of a packet is malformed", Reason.malformed);
  }
}
