/**
 * LongMessageGate: lets a long message of a router in when there is room for it.
 *
 * A client that reads too slowly slows down its own router. But many of them could each be owed one long
 * message, so that all of these together fill the memory. Therefore the connection to the router is not read
 * before such a message while too much waits already.
 *
 * @module
 */

import { outgoingMemory } from "#base/outgoing-memory.ts";

/** Shorter messages are read at once. */
const LONG_OCTETS = 64 * 1024;

/** The gate of one connection. */
export class LongMessageGate {
  readonly maxOutgoing: number;
  /** Octets of the message that waits, or has been let in. */
  octets = 0;
  #onRoom = () => {};
  #isWaiting = false;

  /** `maxOutgoing`: what may wait for all clients of the process. */
  constructor(maxOutgoing: number) {
    this.maxOutgoing = maxOutgoing;
  }

  /**
   * Whether a message of so many octets may be read now; otherwise `onRoom` is called when it may. `atMost`: how
   * long the message may become, where its end is not known yet.
   */
  mayBegin(octets: number, onRoom: () => void, atMost = octets): boolean {
    if (octets <= LONG_OCTETS || (this.octets > 0 && !this.#isWaiting)) return true;
    if (this.#isWaiting) return false;
    this.octets = atMost;
    this.#onRoom = onRoom;
    this.#isWaiting = !outgoingMemory.mayBegin(this);
    return !this.#isWaiting;
  }

  /** There is room for the message that waits. */
  begin(): void {
    this.#isWaiting = false;
    this.#onRoom();
  }

  /** The message is passed on part by part, so that little of it is in memory at a time. */
  pass(): void {
    if (this.octets <= LONG_OCTETS) return;
    outgoingMemory.reserve(LONG_OCTETS - this.octets);
    this.octets = LONG_OCTETS;
  }

  /** The message is handled, or the connection is over. */
  end(): void {
    if (this.octets === 0) return;
    const { octets } = this;
    this.octets = 0;
    if (this.#isWaiting) outgoingMemory.cancel(this);
    else outgoingMemory.reserve(-octets);
    this.#isWaiting = false;
  }
}
