/**
 * Cancellation: says that something is not wanted any more, once, as AbortController does.
 *
 * Each join and each request over HTTP has two. An AbortController is an EventTarget of the Web, and with a listener
 * costs several microseconds.
 *
 * @module
 */

/** What tells that something is not wanted any more: a Cancellation, or an AbortSignal. */
export interface CancelSignal {
  /** Whether it was canceled. */
  readonly aborted: boolean;
  /** What a promise is rejected with that waits for no longer; undefined before. */
  readonly reason: unknown;
  /** @throws the reason, when it was canceled. */
  throwIfAborted(): void;
  /** Calls the listener when it is canceled, and not if it was before. */
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What can be canceled, by its owner. */
export class Cancellation implements CancelSignal {
  #isCanceled = false;
  /** Undefined: there is none. Few have more than one. */
  #listeners: (() => void)[] | undefined;

  get aborted(): boolean {
    return this.#isCanceled;
  }

  get reason(): Error | undefined {
    return this.#isCanceled ? new Error("it was canceled") : undefined;
  }

  throwIfAborted(): void {
    if (this.#isCanceled) throw this.reason;
  }

  addEventListener(_type: "abort", listener: () => void): void {
    if (this.#isCanceled) return;
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners = this.#listeners?.filter((one) => one !== listener);
  }

  /** Cancels, and calls the listeners; a second call has no effect. */
  cancel(): void {
    if (this.#isCanceled) return;
    this.#isCanceled = true;
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener();
  }
}
