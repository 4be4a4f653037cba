/**
 * Watchdog: finds workers that do not answer any more, because they are stopped (SIGSTOP) or run code that never
 * returns.
 *
 * A sound worker sends its figures every two seconds, and needs no question for that. How long it has been silent is
 * counted in ticks of this process's own timer, and never in time: while the machine sleeps there are no ticks. A tick that
 * comes late by more than a period tells that this process did not run either; then all workers are counted anew.
 *
 * @module
 */

import type { WorkerProcess } from "./worker-process.ts";

const TICK_MS = 1_000;

/** What was seen of a worker at the last tick. */
interface Silence {
  heardAt: number;
  ticks: number;
}

/** Watches the workers of one node. */
export class Watchdog {
  readonly #mostTicks: number;
  readonly #onSilent: (process: WorkerProcess) => void;
  readonly #silences = new Map<WorkerProcess, Silence>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #lastTickAt = 0;

  /** `onSilent` is called once for a worker that has been silent for so many seconds; 0: for none. */
  constructor(seconds: number, onSilent: (process: WorkerProcess) => void) {
    this.#mostTicks = seconds * (1_000 / TICK_MS);
    this.#onSilent = onSilent;
  }

  /** From now on the worker has to be heard, until it has ended; one that never says anything is not watched. */
  watch(process: WorkerProcess): void {
    if (this.#mostTicks === 0 || process.heardAt === undefined) return;
    this.#silences.set(process, { heardAt: process.heardAt, ticks: 0 });
    void process.exited.then(() => this.#silences.delete(process));
    if (this.#timer !== null) return;
    this.#lastTickAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** No worker is watched any more. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#silences.clear();
  }

  #tick(): void {
    const now = performance.now();
    const isLate = now - this.#lastTickAt > 2 * TICK_MS;
    this.#lastTickAt = now;
    for (const [process, silence] of this.#silences) {
      const { heardAt = 0 } = process;
      const isHeard = heardAt !== silence.heardAt;
      silence.heardAt = heardAt;
      silence.ticks = isLate || isHeard ? 0 : silence.ticks + 1;
      if (silence.ticks < this.#mostTicks) continue;
      this.#silences.delete(process);
      this.#onSilent(process);
    }
  }
}
