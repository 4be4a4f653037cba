/**
 * Exit codes by cause.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";

/** What the exit code of the program says. */
export const ExitCode = {
  clean: 0,
  /** The node could not start or run; also: `check` found faults. */
  failed: 1,
  usage: 2,
  /** A node was to be started and its configuration is at fault (EX_CONFIG of sysexits.h). */
  config: 78,
} as const;

/** The exit code for whatever ended a command. */
export function exitCodeFor(thrown: unknown): number {
  return thrown instanceof Failure && thrown.source === "config"
    ? ExitCode.config
    : ExitCode.failed;
}
