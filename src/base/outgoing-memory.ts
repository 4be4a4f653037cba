/**
 * OutgoingMemory: the memory of this process for what clients have not read yet.
 *
 *     up to 3/4 of max_outgoing    nothing is different
 *     beyond                       senders are slowed down earlier, and long messages of routers wait; clients
 *                                  that have taken nothing for a while are given up for these
 *     beyond max_outgoing          clients are given up, whatever they take
 *
 * Those that hold the most are given up first: that costs the fewest connections, and a client that reads holds
 * little. Only what could not be written at once is counted. Octets that several connections share are counted once.
 *
 * @module
 */

import { isShared } from "./octet-ownership.ts";

/** From here on senders are slowed down. */
const SCARCE_PART = 3 / 4;

/** A client that has taken nothing for so long is given up before others, and when long messages wait. */
const IDLE_MS = 5000;

/** So often idle clients are looked for while long messages wait. */
const CHECK_MS = 1000;

/** Giving up goes on until this part of the limit is held, so that it is seldom begun. */
const KEPT_PART = 15 / 16;

/** Writes to a client that does not take all of it at once. */
export interface WaitingWriter {
  /** `max_outgoing` where the client has connected. */
  readonly maxOutgoing: number;
  /** When the client took octets last, or the first ones had to wait; in milliseconds. */
  readonly takenAt: number;
  /** Discards all that waits, and terminates the connection. */
  giveUp(): void;
}

/** A message that begins when there is room for it. */
interface WaitingMessage {
  octets: number;
  maxOutgoing: number;
  begin(): void;
}

/** Counts what waits, and decides which connections are given up. */
export class OutgoingMemory {
  readonly #now: () => number;
  #heldOctets = 0;
  #reservedOctets = 0;
  /** What each writer holds alone. */
  readonly #writers = new Map<WaitingWriter, number>();
  /** How many writers hold octets that are shared. */
  readonly #holders = new Map<Uint8Array, number>();
  readonly #waiting: WaitingMessage[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `now` gives milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Octets that are held, or that messages will hold which are being read. */
  get octets(): number {
    return this.#heldOctets + this.#reservedOctets;
  }

  /** Whether senders have to slow down. */
  isScarce(maxOutgoing: number): boolean {
    return this.octets > maxOutgoing * SCARCE_PART;
  }

  /** A writer keeps octets. It may be given up before this returns. */
  hold(writer: WaitingWriter, octets: Uint8Array): void {
    const alone = this.#writers.get(writer) ?? 0;
    const holders = this.#holders.get(octets) ?? 0;
    if (isShared(octets)) this.#holders.set(octets, holders + 1);
    this.#writers.set(writer, isShared(octets) ? alone : alone + octets.length);
    if (holders > 0) return;
    this.#heldOctets += octets.length;
    if (this.#heldOctets > writer.maxOutgoing) this.#giveUpSome(writer.maxOutgoing);
  }

  /** A writer does not keep octets any more. */
  release(writer: WaitingWriter, octets: Uint8Array): void {
    const holders = this.#holders.get(octets);
    if (holders === undefined) {
      this.#writers.set(writer, (this.#writers.get(writer) ?? 0) - octets.length);
    } else if (holders > 1) {
      this.#holders.set(octets, holders - 1);
      return;
    }
    this.#holders.delete(octets);
    this.#heldOctets -= octets.length;
    this.#beginWaiting();
  }

  /** A writer keeps nothing more. */
  leave(writer: WaitingWriter): void {
    this.#writers.delete(writer);
  }

  /** Counts octets that will have to be held; a negative number ends that. */
  reserve(octets: number): void {
    this.#reservedOctets += octets;
    if (octets < 0) this.#beginWaiting();
  }

  /** Whether a long message may begin now, which reserves its octets; otherwise `begin` is called when it may. */
  mayBegin(message: WaitingMessage): boolean {
    if (this.#waiting.length === 0 && !this.isScarce(message.maxOutgoing)) {
      this.#reservedOctets += message.octets;
      return true;
    }
    this.#waiting.push(message);
    this.#timer ??= setTimeout(() => this.#giveUpIdle(), CHECK_MS);
    return false;
  }

  /** A message that waits is not wanted any more. */
  cancel(message: WaitingMessage): void {
    const at = this.#waiting.indexOf(message);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#beginWaiting();
  }

  #beginWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.isScarce(next.maxOutgoing)) return;
      this.#waiting.shift();
      this.#reservedOctets += next.octets;
      next.begin();
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #giveUpSome(maxOutgoing: number): void {
    for (const writer of this.#byWeight()) {
      if (this.#heldOctets <= maxOutgoing * KEPT_PART) return;
      writer.giveUp();
    }
  }

  /** Gives up clients that take nothing, until there is room for all messages that wait. */
  #giveUpIdle(): void {
    for (const writer of this.#byWeight()) {
      if (!this.#isIdle(writer) || this.#waiting.length === 0) break;
      writer.giveUp();
    }
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#giveUpIdle(), CHECK_MS);
  }

  /** The writers in the order in which they are given up: idle ones first, and those that hold the most. */
  #byWeight(): WaitingWriter[] {
    const idle = (writer: WaitingWriter) => Number(this.#isIdle(writer));
    return [...this.#writers]
      .sort(([one, held], [other, otherHeld]) => idle(other) - idle(one) || otherHeld - held)
      .map(([writer]) => writer);
  }

  #isIdle({ takenAt }: WaitingWriter): boolean {
    return this.#now() - takenAt >= IDLE_MS;
  }
}

/** The memory of this process, whose connections share it. */
export const outgoingMemory = new OutgoingMemory();
