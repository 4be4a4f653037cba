/**
 * How a process ended.
 *
 * @module
 */

/** How a process ended: one of the two is set. */
export interface ProcessExit {
  exitCode: number | null;
  signal: string | null;
}

/** How a process that has ended did so. */
export function exitOf({ exitCode, signalCode }: Bun.Subprocess): ProcessExit {
  // Bun's types allow a number, for signals that it has no name for.
  return { exitCode, signal: signalCode === null ? null : String(signalCode) };
}

/** Describes how a process ended: `exit code 3` or `signal SIGKILL`. */
export function printExit({ exitCode, signal }: ProcessExit): string {
  return signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
}
