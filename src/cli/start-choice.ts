/**
 * The options of `crossproxy start`: those of Crossbar, by its names.
 *
 * @module
 */

import { InvalidArgumentError } from "commander";
import type { Logger } from "#observe/logger.ts";
import type { ConfigFileChoice } from "./config-file.ts";
import type { LogChoice } from "./log-choice.ts";

/** What the command line says. */
export interface StartChoice extends ConfigFileChoice, LogChoice {
  /** Seconds; undefined: the node ends when it is told to. */
  shutdownafter?: number | undefined;
  debugLifecycle?: boolean | undefined;
  debugProgramflow?: boolean | undefined;
  vmprof?: boolean | undefined;
}

/** Options of Crossbar about its own code. */
const IGNORED = [
  ["debugLifecycle", "--debug-lifecycle"],
  ["debugProgramflow", "--debug-programflow"],
  ["vmprof", "--vmprof"],
] as const;

/** Warns of the options that have no effect. */
export function warnOfIgnored(choice: StartChoice, log: Logger): void {
  for (const [name, option] of IGNORED) {
    if (choice[name]) log.warn(`${option} has no effect: it is about the code of Crossbar`);
  }
  if (choice.logdir !== undefined && !choice.logtofile) {
    log.warn("--logdir has no effect without --logtofile");
  }
}

/** The options as Crossbar names them in node.pid. */
export function pidOptions(choice: StartChoice): Record<string, unknown> {
  return {
    debug_lifecycle: choice.debugLifecycle === true,
    debug_programflow: choice.debugProgramflow === true,
    command: "start",
    color: choice.color,
    loglevel: choice.loglevel,
    logformat: choice.logformat,
    logdir: choice.logdir ?? null,
    logtofile: choice.logtofile === true,
    cbdir: choice.cbdir ?? null,
    config: choice.config ?? choice.file ?? null,
    shutdownafter: choice.shutdownafter ?? null,
  };
}

/** A timer of the system takes no more milliseconds. */
const MAX_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** Seconds of an option; as in Crossbar 0 is none. */
export function readSeconds(text: string): number | undefined {
  const seconds = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= MAX_SECONDS)) {
    throw new InvalidArgumentError(`expected seconds, a whole number from 0 to ${MAX_SECONDS}`);
  }
  return seconds === 0 ? undefined : seconds;
}
