/** A clock that stands still until a test moves it: timers, `performance.now` and `Date`. */

import { jest } from "bun:test";
import { afterTest } from "./cleanups.ts";

/** Stops the clock for the present test; gives what moves it on. */
export function fakeTime(): (milliseconds: number) => void {
  jest.useFakeTimers();
  afterTest(() => jest.useRealTimers());
  return (milliseconds) => void jest.advanceTimersByTime(milliseconds);
}
