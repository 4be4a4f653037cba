/**
 * DescriptorBudget: refuses clients when too few file descriptors are left.
 *
 * A client of a proxy needs two: its own connection and one to a router. Without this, clients take the last
 * descriptors and none of them can join.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import { countDescriptors, maxDescriptors } from "./descriptors.ts";

/** Descriptors that are left for files, name lookups and sessions of the worker's own. */
const RESERVED = 16;

/** The part of all clients for which there has to be room before a shortage counts as over. */
const RECOVERED = 0.05;

/** The parts of all descriptors at which they are said to run out, and at which that is over. */
const NEARLY_ALL = 0.8;
const FEWER = 0.7;

/** How long the count of descriptors without a client holds. */
const COUNTED_MS = 1000;

/** What a process may open, and has open. */
export interface DescriptorFacts {
  max(): number;
  count(): number;
}

/** Counts the clients of one process; all its transports share it. */
export class DescriptorBudget {
  readonly #facts: DescriptorFacts;
  /** Descriptors that are open without any client. */
  #own = 0;
  /** When they were counted. */
  #countedAt = Number.NEGATIVE_INFINITY;
  /** Descriptors of the present clients, those to routers included. */
  #taken = 0;
  #isShort = false;
  #refused = 0;
  /** Whether it was said that they run out. */
  #isNearlyShort = false;

  constructor(facts: DescriptorFacts) {
    this.#facts = facts;
  }

  /** Takes the descriptors of a client that was accepted just now; false: there are not enough. */
  take(descriptors: number, log: Logger): boolean {
    // One is the client's.
    if (this.#taken === 0) this.#countOwn();
    if (this.#room() < descriptors) {
      this.#refuse(log);
      return false;
    }
    this.#taken += descriptors;
    this.#warnEarly(log);
    return true;
  }

  /** Returns the descriptors of a client whose connection has closed. */
  release(descriptors: number, log: Logger): void {
    this.#taken -= descriptors;
    if (this.#own + this.#taken < FEWER * this.#facts.max()) this.#isNearlyShort = false;
    const room = this.#room();
    if (!this.#isShort || room < Math.max(descriptors, RECOVERED * (room + this.#taken))) return;
    log.info("connections accepted again", { refused: this.#refused });
    this.#isShort = false;
    this.#refused = 0;
  }

  /** Counts at most once in COUNTED_MS, because the system makes a list of all descriptors for it. */
  #countOwn(): void {
    const now = performance.now();
    if (now - this.#countedAt < COUNTED_MS) return;
    this.#countedAt = now;
    this.#own = this.#facts.count() - 1;
  }

  #room(): number {
    return this.#facts.max() - RESERVED - this.#own - this.#taken;
  }

  #warnEarly(log: Logger): void {
    const open = this.#own + this.#taken;
    const limit = this.#facts.max();
    if (this.#isNearlyShort || open < NEARLY_ALL * limit) return;
    this.#isNearlyShort = true;
    log.warn("file descriptors run out", { open, limit });
  }

  #refuse(log: Logger): void {
    this.#refused += 1;
    if (this.#isShort) return;
    this.#isShort = true;
    const limit = this.#facts.max();
    log.warn("connections refused: not enough file descriptors", { limit });
  }
}

/** The budget of this process. */
export const descriptorBudget = new DescriptorBudget({
  max: maxDescriptors,
  count: countDescriptors,
});
