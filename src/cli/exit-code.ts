/**
 * Exit codes by cause.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";

/** The exit codes of the program. */
export const ExitCode = {
  clean: 0,
  /** The node could not start or run; also: `check` found faults. */
  failed: 1,
  usage: 2,
  /** No node runs, or `status` found another state than it was to (EX_UNAVAILABLE of sysexits.h). */
  unavailable: 69,
  /** `start` found faults in the configuration (EX_CONFIG of sysexits.h). */
  config: 78,
} as const;

/** Takes the exit code of a command that has ended. */
export type Finish = (exitCode: number) => void;

/** The exit code for an error that ended a command. */
export function exitCodeFor(thrown: unknown): number {
  return thrown instanceof Failure && thrown.source === "config"
    ? ExitCode.config
    : ExitCode.failed;
}
