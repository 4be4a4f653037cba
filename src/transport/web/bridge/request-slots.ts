/**
 * RequestSlots: bounds the requests for one path that are answered at once.
 *
 * @module
 */

/** Most requests for one path at once, from their heads to their answers. */
const MAX_REQUESTS = 512;

/** One of them. */
export interface RequestSlot {
  /** A second call has no effect. */
  release(): void;
}

/** The slots of one path. */
export class RequestSlots {
  readonly #most: number;
  #taken = 0;

  constructor(most = MAX_REQUESTS) {
    this.#most = most;
  }

  /** Takes a slot for one request, to be released after it; null: all are taken. */
  take(): RequestSlot | null {
    if (this.#taken >= this.#most) return null;
    this.#taken += 1;
    let isReleased = false;
    return {
      release: () => {
        if (!isReleased) this.#taken -= 1;
        isReleased = true;
      },
    };
  }
}
