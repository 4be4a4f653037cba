/**
 * MessageCollector: holds the octets of a message that is not complete yet, so that it takes hardly more memory
 * than the octets that have arrived.
 *
 *     | block | block | ...      until a quarter of a long message of known length has arrived
 *     | whole message     |      from then on: the system gives memory only to what is written
 *
 * So a long message need not be joined, and can be taken without a copy.
 *
 * @module
 */

import { holdMessageMemory, messageMemory } from "#base/message-memory.ts";
import { freeOctets, giveOctets } from "#base/octet-ownership.ts";

const LONGEST_BLOCK_OCTETS = 1024 * 1024;

/** A shorter message is joined at its end. */
const LONG_OCTETS = 1024 * 1024;

/** A message of this size is received even if the incomplete messages hold too much memory. */
const SMALL_MESSAGE_OCTETS = 64 * 1024;

const NO_BLOCKS: Uint8Array<ArrayBuffer>[] = [];

/** Why a client is given up whose message must not grow. */
export const TOO_MANY_INCOMPLETE =
  "the incomplete messages of all clients take too much memory; try again later";

/** The octets so far of a message that is not complete. */
export interface IncompleteMessage {
  /** Octets that have arrived. */
  readonly length: number;
  /**
   * Appends octets from `start` up to `end`; at most `announced` octets of the message follow them. False: the
   * incomplete messages of the process would take too much memory.
   */
  append(chunk: Uint8Array, start: number, end: number, announced: number): boolean;
  /** Gives the whole message, which may be taken; null: it was passed on part by part. */
  take(): Uint8Array | null;
  /** Discards the message. */
  drop(): void;
}

/** Joins the parts of one message after the other. */
export class MessageCollector implements IncompleteMessage {
  readonly #maxHeldOctets: number;
  #blocks = NO_BLOCKS;
  /** What counts as memory. */
  #held = 0;
  /** Free octets at the end of the last block. */
  #free = 0;
  /** The last block is the whole message, and counts as far as it is written. */
  #isWhole = false;
  /** Octets of the present message so far. */
  length = 0;

  /** `maxHeldOctets`: what the incomplete messages of the process may hold when this one grows. */
  constructor(maxHeldOctets = Number.POSITIVE_INFINITY) {
    this.#maxHeldOctets = maxHeldOctets;
  }

  append(chunk: Uint8Array, start: number, end: number, announced: number): boolean {
    if (!this.#mayGrow(end - start)) return false;
    const fitting = Math.min(this.#free, end - start);
    if (fitting > 0) this.#fill(chunk, start, start + fitting);
    if (start + fitting === end) return true;
    const whole = this.length + (end - start - fitting) + announced;
    if (whole >= LONG_OCTETS && whole <= 4 * this.length) this.#beginWhole(whole);
    else this.#addBlock(end - start - fitting, announced);
    this.#fill(chunk, start + fitting, end);
    return true;
  }

  /** Gives the whole message, which may be taken, and begins a new one. */
  take(): Uint8Array {
    const { length } = this;
    const [first] = this.#blocks;
    if (this.#blocks.length !== 1 || first === undefined) {
      const whole = Buffer.concat(this.#blocks, length);
      this.drop();
      return giveOctets(whole);
    }
    this.#blocks = NO_BLOCKS;
    this.drop();
    return giveOctets(first.subarray(0, length));
  }

  drop(): void {
    for (const block of this.#blocks) freeOctets(block);
    holdMessageMemory(-this.#held);
    this.#blocks = NO_BLOCKS;
    this.#held = 0;
    this.#free = 0;
    this.#isWhole = false;
    this.length = 0;
  }

  #mayGrow(octets: number): boolean {
    const isSmall = this.length + octets <= SMALL_MESSAGE_OCTETS;
    return isSmall || messageMemory() + octets <= this.#maxHeldOctets;
  }

  /** Writes octets to the free end of the last block. */
  #fill(chunk: Uint8Array, start: number, end: number): void {
    const block = this.#blocks.at(-1);
    block?.set(chunk.subarray(start, end), block.length - this.#free);
    this.#free -= end - start;
    this.length += end - start;
    if (this.#isWhole) this.#hold(end - start);
  }

  #addBlock(octets: number, announced: number): void {
    const block = new Uint8Array(octets + Math.min(this.length, LONGEST_BLOCK_OCTETS, announced));
    if (this.#blocks === NO_BLOCKS) this.#blocks = [];
    this.#blocks.push(block);
    this.#free = block.length;
    this.#hold(block.length);
  }

  /** Moves the octets so far into memory for the whole message. */
  #beginWhole(octets: number): void {
    const whole = Buffer.allocUnsafeSlow(octets);
    let at = 0;
    for (const block of this.#blocks) {
      whole.set(block, at);
      at += block.length;
      freeOctets(block);
    }
    this.#blocks = [whole];
    this.#free = octets - this.length;
    this.#hold(this.length - this.#held);
    this.#isWhole = true;
  }

  #hold(octets: number): void {
    this.#held += octets;
    holdMessageMemory(octets);
  }
}
