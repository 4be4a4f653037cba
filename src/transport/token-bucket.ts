/**
 * TokenBucket: limits how many events may happen per second, and in one burst.
 *
 * Events beyond the limit are counted as a debt, which is a time to wait.
 *
 * @module
 */

/** Fills at a steady rate up to its size. Times are milliseconds of any one clock. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #size: number;
  #tokens: number;
  #filledAt: number;

  /** The bucket is full at first. */
  constructor(perSecond: number, size: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#size = size;
    this.#tokens = size;
    this.#filledAt = now;
  }

  /** Takes a token, even from an empty bucket; gives the milliseconds until the debt is paid. */
  take(now: number): number {
    this.#fill(now);
    this.#tokens -= 1;
    return this.#debtMs();
  }

  /** Gives back a token that was taken. */
  giveBack(): void {
    this.#tokens += 1;
  }

  /** Whether no token is missing. */
  isFull(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.#size;
  }

  /** Milliseconds until the debt is paid; 0: no debt. */
  waitMs(now: number): number {
    this.#fill(now);
    return this.#debtMs();
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#size, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }

  #debtMs(): number {
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs);
  }
}
