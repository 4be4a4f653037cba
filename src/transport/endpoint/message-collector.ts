/**
 * MessageCollector: holds the octets of a message that is not complete yet, in blocks, so that it takes
 * hardly more memory than the octets that have arrived.
 *
 * @module
 */

import { freeOctets } from "#base/free-octets.ts";
import { holdMessageMemory } from "#base/message-memory.ts";

const LONGEST_BLOCK_OCTETS = 1024 * 1024;

const NO_BLOCKS: Uint8Array<ArrayBuffer>[] = [];

/** Joins the parts of one message after the other. */
export class MessageCollector {
  #blocks = NO_BLOCKS;
  #allocated = 0;
  /** Free octets at the end of the last block. */
  #free = 0;
  /** Octets of the present message so far. */
  length = 0;

  /** Appends octets from `start` up to `end`; at most `announced` octets of the message follow them. */
  append(chunk: Uint8Array, start: number, end: number, announced: number): void {
    const block = this.#blocks.at(-1);
    const fitting = Math.min(this.#free, end - start);
    if (block !== undefined && fitting > 0) {
      block.set(chunk.subarray(start, start + fitting), block.length - this.#free);
      this.#free -= fitting;
    }
    this.length += end - start;
    if (start + fitting < end) this.#addBlock(chunk.subarray(start + fitting, end), announced);
  }

  /** Gives the whole message, and begins a new one. */
  take(): Uint8Array {
    const { length } = this;
    const [first] = this.#blocks;
    if (this.#blocks.length !== 1 || first === undefined) {
      const whole = Buffer.concat(this.#blocks, length);
      this.drop();
      return whole;
    }
    this.#blocks = NO_BLOCKS;
    this.drop();
    return first.subarray(0, length);
  }

  /** Discards the message. */
  drop(): void {
    for (const block of this.#blocks) freeOctets(block);
    holdMessageMemory(-this.#allocated);
    this.#blocks = NO_BLOCKS;
    this.#allocated = 0;
    this.#free = 0;
    this.length = 0;
  }

  #addBlock(octets: Uint8Array, announced: number): void {
    const spare = Math.min(this.length, LONGEST_BLOCK_OCTETS, announced);
    const size = octets.length + spare;
    const block = new Uint8Array(size);
    block.set(octets);
    if (this.#blocks === NO_BLOCKS) this.#blocks = [];
    this.#blocks.push(block);
    this.#allocated += size;
    holdMessageMemory(size);
    this.#free = size - octets.length;
  }
}
