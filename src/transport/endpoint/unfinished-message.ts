/**
 * UnfinishedMessage: a message that is being sent part by part, and what has to wait until its end has been sent.
 *
 * @module
 */

import type { SocketWriter } from "./socket-writer.ts";

/** What a waiting message takes in memory besides its octets: a ping may have none. */
const OVERHEAD_OCTETS = 128;

/** One message of known length. */
export class UnfinishedMessage {
  /** Its length. */
  readonly octets: number;
  readonly #writer: Pick<SocketWriter, "hold" | "release">;
  /** Octets that were sent so far. */
  sentOctets = 0;
  #waiting: Uint8Array[] = [];
  /** Octets that wait, and what they take besides. */
  waitingOctets = 0;

  /** `writer` counts what waits. */
  constructor(octets: number, writer: Pick<SocketWriter, "hold" | "release">) {
    this.octets = octets;
    this.#writer = writer;
  }

  /** Notes that so many octets are sent; true: the message is complete. */
  sent(octets: number): boolean {
    this.sentOctets += octets;
    return this.sentOctets >= this.octets;
  }

  /** Keeps a copy of octets that are to be sent behind the message; they may be in several arrays. */
  wait(...parts: Uint8Array[]): void {
    const octets = Buffer.concat(parts);
    this.#waiting.push(octets);
    this.waitingOctets += octets.length + OVERHEAD_OCTETS;
    this.#writer.hold(octets);
  }

  /** What has waited, in order. */
  takeWaiting(): Uint8Array[] {
    this.waitingOctets = 0;
    const waiting = this.#waiting.splice(0);
    for (const octets of waiting) this.#writer.release(octets);
    return waiting;
  }

  /** Discards what waits: the message will not be completed. */
  drop(): void {
    this.takeWaiting();
  }
}
