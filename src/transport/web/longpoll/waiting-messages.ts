/**
 * WaitingMessages: what a session has sent to a long-poll client that has not asked for it yet.
 *
 * They are counted with all that waits for the clients of the worker.
 *
 * @module
 */

import { freeOctets, giveOctets, isShared, keepOctets } from "#base/octet-ownership.ts";
import { outgoingMemory, type WaitingWriter } from "#base/outgoing-memory.ts";
import type { WireMessage } from "#wamp/peer.ts";

type Octets = Uint8Array<ArrayBuffer>;

/** The messages for one client, the oldest first. */
export class WaitingMessages implements WaitingWriter {
  readonly maxOutgoing: number;
  takenAt = 0;
  readonly #onGivenUp: () => void;
  #messages: Octets[] = [];
  /** Octets of all of them. */
  octets = 0;

  /** `onGivenUp`: what waits for all clients takes too much memory, and much of it waits for this one. */
  constructor(maxOutgoing: number, onGivenUp: () => void) {
    this.maxOutgoing = maxOutgoing;
    this.#onGivenUp = onGivenUp;
  }

  /** Their number. */
  get length(): number {
    return this.#messages.length;
  }

  /** Adds a message, which is borrowed. */
  push(message: WireMessage): void {
    if (this.#messages.length === 0) this.takenAt = performance.now();
    const kept = keepOctets(message) ?? new Uint8Array(message);
    this.#messages.push(kept);
    this.octets += kept.length;
    outgoingMemory.hold(this, kept);
  }

  /** Takes the oldest one, or all of them as one batch; there has to be one. They may be kept. */
  take(isBatch: boolean): Uint8Array {
    const taken = this.#messages.splice(0, isBatch ? this.#messages.length : 1);
    this.takenAt = performance.now();
    for (const message of taken) this.#release(message);
    const [first = new Uint8Array(0)] = taken;
    if (taken.length <= 1) return isShared(first) ? first : giveOctets(first);
    const batch = Buffer.concat(taken);
    for (const message of taken) freeOctets(message);
    return giveOctets(batch);
  }

  /** Discards all. */
  drop(): void {
    for (const message of this.#messages.splice(0)) {
      this.#release(message);
      freeOctets(message);
    }
  }

  giveUp(): void {
    this.#onGivenUp();
  }

  #release(message: Octets): void {
    this.octets -= message.length;
    outgoingMemory.release(this, message);
    if (this.octets === 0) outgoingMemory.leave(this);
  }
}
