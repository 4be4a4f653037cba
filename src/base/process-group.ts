/**
 * Ending a process together with what it has started.
 *
 * @module
 */

/** Ends the process group of a process that leads one, at once, also where it is stopped. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: all of them have ended.
  }
}
