/**
 * Traffic: the messages that joined sessions of this process exchange with their peers, and their octets.
 *
 * Messages that begin or end a session are left out. Octets are those of a message as its sender has serialized it:
 * without frames, before it is transcoded or compressed. One object serves the whole process, because counting may
 * cost each message no more than a few additions, and a session no memory.
 *
 * @module
 */

import type { DistributionFigures } from "./distribution.ts";

/** A message type is one octet. */
const TYPES = 256;

/** The sizes up to which messages are counted together are 2^6, 2^8 ... 2^24 octets. */
const SMALLEST_BITS = 6;
const SIZE_BOUNDS = [6, 8, 10, 12, 14, 16, 18, 20, 22, 24].map((bits) => 2 ** bits);

/** The messages of one type. */
export interface TypeCount {
  type: number;
  messages: number;
  octets: number;
}

/** One direction, since the process was started. */
export class TrafficCount {
  messages = 0;
  octets = 0;
  readonly #messagesOf = new Float64Array(TYPES);
  readonly #octetsOf = new Float64Array(TYPES);
  readonly #sizes = new Float64Array(SIZE_BOUNDS.length + 1);

  /** Counts a message of so many octets, of which there is at least one. */
  count(type: number, octets: number): void {
    this.messages += 1;
    this.octets += octets;
    this.#messagesOf[type]! += 1;
    this.#octetsOf[type]! += octets;
    this.#sizes[rangeOf(octets)]! += 1;
  }

  /** The types of which there were any. */
  byType(): TypeCount[] {
    return [...this.#messagesOf.entries()]
      .filter(([, messages]) => messages > 0)
      .map(([type, messages]) => ({ type, messages, octets: this.#octetsOf[type] ?? 0 }));
  }

  /** How long the messages were, in octets. */
  sizes(): DistributionFigures {
    return { bounds: SIZE_BOUNDS, counts: [...this.#sizes], sum: this.octets };
  }
}

/** The index of the first bound that is not below so many octets, by their logarithm. */
function rangeOf(octets: number): number {
  const bits = 32 - Math.clz32(octets - 1);
  return Math.min(SIZE_BOUNDS.length, Math.max(0, (bits - SMALLEST_BITS + 1) >> 1));
}

/** What this process has counted; only the code that forwards or routes messages changes it. */
export const traffic: Readonly<Record<"fromClients" | "toClients", TrafficCount>> = {
  fromClients: new TrafficCount(),
  toClients: new TrafficCount(),
};
