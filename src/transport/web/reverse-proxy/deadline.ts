/**
 * Deadline: the time by which the next step of a proxied request has to come; there is one at a time.
 *
 * @module
 */

/** A deadline that may be set, moved and cleared. */
export class Deadline {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Has `onOver` called so many milliseconds from now, in place of what was set before. */
  set(milliseconds: number, onOver: () => void): void {
    this.clear();
    this.#timer = setTimeout(onOver, milliseconds);
  }

  /** Begins anew, if one is set. */
  extend(): void {
    this.#timer?.refresh();
  }

  clear(): void {
    clearTimeout(this.#timer);
    // Refreshed, it would begin again.
    this.#timer = undefined;
  }
}
