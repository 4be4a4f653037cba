/**
 * Retirement: a session that is to end, and is given time for the calls that wait for their answers.
 *
 *     retire -------------> may be idle -------------> no new calls ---------> end
 *            up to 2 s                   until 3/4                  the rest
 *
 * The best moment for GOODBYE is behind an answer: a call that crosses with it is lost. So a session that has no call
 * under way may make one first, and ends behind the answer. One that always has several under way would never end
 * so, and new calls are answered with an ERROR in the last quarter.
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";

/** Why a session is to end, as session-states.ts names it: its node stops, or its connection is old. */
export type RetirementCause = "shutdown" | "age";

/** The ERROR for a call that comes too late to be answered. */
export const LATE_CALL = {
  uri: ErrorUri.unavailable,
  sentence: "Cannot call: this session is about to end",
} as const;

/** Longest time without a call, and the most of all time. */
const LONGEST_IDLE_MS = 2_000;
const IDLE_SHARE = 0.5;

/** The share of the time in which new calls are still carried. */
const CARRYING_SHARE = 0.75;

/** The time of one session between `retire` and its end. */
export class Retirement {
  #refusesCalls = false;
  readonly #timers: readonly Timer[];

  /** Calls `end` when the session is idle for too long, or the time is over, unless it is stopped before. */
  constructor(graceMs: number, isAwaited: () => boolean, end: () => void) {
    const endIfIdle = () => {
      if (!isAwaited()) end();
    };
    const refuseCalls = () => {
      this.#refusesCalls = true;
    };
    this.#timers = [
      setTimeout(endIfIdle, Math.min(LONGEST_IDLE_MS, graceMs * IDLE_SHARE)),
      setTimeout(refuseCalls, graceMs * CARRYING_SHARE),
      setTimeout(end, graceMs),
    ];
  }

  /** Whether a new call is answered with `LATE_CALL`. */
  get refusesCalls(): boolean {
    return this.#refusesCalls;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
