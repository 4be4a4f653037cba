/**
 * How a node logs, as the options of the command line say, and what becomes of that in all its processes.
 *
 * @module
 */

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { isatty } from "node:tty";
import { Failure } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import type { LogFormat, LogLevel } from "#observe/log-format.ts";
import type { LogOutput } from "#observe/process-logger.ts";

/** The values of `--color`; the first is the default. */
export const COLOR_CHOICES = ["auto", "true", "false"] as const;

/** The options of the command line. */
export interface LogChoice {
  loglevel: LogLevel;
  logformat: LogFormat;
  color: (typeof COLOR_CHOICES)[number];
  logdir?: string | undefined;
  logtofile?: boolean | undefined;
}

/**
 * The output of the log. As in Crossbar, `--logtofile` writes to `node.log` in the node's folder, or in `--logdir`,
 * which is relative to it, and is made if need be.
 *
 * @throws Failure when that folder cannot be made.
 */
export function logOutputOf(choice: LogChoice, folder: string): LogOutput {
  const { color, logdir, logtofile } = choice;
  if (logtofile !== true) return { color: isColored(color), file: null };
  const place = resolve(folder, logdir ?? "");
  try {
    mkdirSync(place, { recursive: true });
  } catch (thrown) {
    throw new Failure(`Cannot make folder "${place}": ${fileStateOf(thrown)}`, {
      source: "internal",
      cause: thrown,
    });
  }
  return { color: false, file: join(place, "node.log") };
}

function isColored(color: LogChoice["color"]): boolean {
  if (color !== "auto") return color === "true";
  const { NO_COLOR, TERM } = process.env;
  return isatty(1) && !NO_COLOR && TERM !== "dumb";
}
