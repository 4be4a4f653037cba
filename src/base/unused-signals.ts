/**
 * Signals that would end a process of this program, and that nothing in it uses.
 *
 * @module
 */

import { constants } from "node:os";

/**
 * Without SIGABRT and those of faults, with which a process ends itself, and SIGPWR and SIGPROF, which the engine
 * uses.
 */
const UNUSED = ["SIGQUIT", "SIGALRM", "SIGVTALRM", "SIGIO", "SIGXCPU", "SIGXFSZ"] as const;

/** Keeps them from ending this process. */
export function onUnusedSignal(note: (signal: string) => void): void {
  for (const signal of UNUSED) {
    if (signal in constants.signals) process.on(signal, () => note(signal));
  }
}
