/**
 * TokenBucket: how much of something may happen a second, and at once.
 *
 * What has happened already can be counted beyond what there is; the bucket is then in debt, and
 * the debt is a time to wait.
 *
 * @module
 */

/** Fills at a steady rate up to its size. Times are milliseconds of one clock, whichever. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #size: number;
  #tokens: number;
  #filledAt: number;

  /** Begins full. */
  constructor(perSecond: number, size: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#size = size;
    this.#tokens = size;
    this.#filledAt = now;
  }

  /** Takes a token, on credit if need be; gives the milliseconds until the debt is paid. */
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

  /** Milliseconds until the debt is paid; 0: there is none. */
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
