/**
 * IncomingParts: a long message of known length while it arrives. Its parts are passed on at once if the session
 * takes them so, which is asked when the message begins; otherwise they are collected.
 *
 *     head of the message --> onLongMessage --> null      collected, then onMessage
 *                                           --> parts     take, take, take ...
 *
 * @module
 */

import type { MessageParts } from "#wamp/peer.ts";
import { type IncompleteMessage, MessageCollector } from "./message-collector.ts";

/** A message that is not longer is always collected. */
export const SHORT_MESSAGE_OCTETS = 64 * 1024;

/** Shorter parts are joined before they are passed on. */
const PART_OCTETS = 16 * 1024;

/** No fewer octets are shown to the session: the head of a message in CBOR or MsgPack is shorter. */
const HEAD_OCTETS = 64;

/** Gives what takes a message of so many octets that begins with these; null: it is wanted whole. */
export type BeginParts = (head: Uint8Array, octets: number) => MessageParts | null;

/** One long message. */
export class IncomingParts implements IncompleteMessage {
  readonly #begin: BeginParts;
  readonly #collector: MessageCollector;
  /** Undefined until the session was asked. */
  #parts: MessageParts | null | undefined;
  #passedOctets = 0;

  /** `maxHeldOctets`: what the incomplete messages of the process may hold when this one grows. */
  constructor(begin: BeginParts, maxHeldOctets: number) {
    this.#begin = begin;
    this.#collector = new MessageCollector(maxHeldOctets);
  }

  get length(): number {
    return this.#passedOctets + this.#collector.length;
  }

  append(chunk: Uint8Array, start: number, end: number, missing: number): boolean {
    const octets = end - start;
    if (this.#parts === undefined) {
      const isAsked = missing > 0 && octets >= HEAD_OCTETS;
      this.#parts = isAsked ? this.#begin(chunk.subarray(start, end), octets + missing) : null;
    }
    if (this.#parts === null) return this.#collector.append(chunk, start, end, missing);
    if (octets >= PART_OCTETS) {
      this.#passCollected();
      this.#pass(chunk.subarray(start, end));
    } else {
      this.#collector.append(chunk, start, end, missing);
      if (this.#collector.length >= PART_OCTETS || missing === 0) this.#passCollected();
    }
    return true;
  }

  take(): Uint8Array | null {
    return this.#passedOctets > 0 ? null : this.#collector.take();
  }

  drop(): void {
    this.#parts = null;
    this.#collector.drop();
  }

  #passCollected(): void {
    if (this.#collector.length > 0) this.#pass(this.#collector.take());
  }

  /** The session may end, and the message be discarded, at any part. */
  #pass(octets: Uint8Array): void {
    this.#passedOctets += octets.length;
    this.#parts?.take(octets);
  }
}
