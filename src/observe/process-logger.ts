/**
 * The logger of one process: info and debug to standard output, warn and error to standard error.
 *
 * @module
 */

import {
  formatRecord,
  LOG_LEVELS,
  type LogFormat,
  type LogLevel,
  type LogRecord,
} from "./log-format.ts";
import type { LogFields, Logger } from "./logger.ts";
import { printLoss } from "./lossy-writer.ts";
import { gatherOutput, setOutput, writeOutput } from "./write-output.ts";

/** Where the log of a node goes, and whether it is colored; all its processes have the same. */
export interface LogOutput {
  color: boolean;
  /** The file in place of the streams; null: none. */
  file: string | null;
}

/** Whether the lines of this process are colored. */
let isColored = false;

/**
 * Sets the output of all loggers of this process. Returns the state of a file that cannot be opened; then the streams
 * stay.
 */
export function setLogOutput(
  { color, file }: LogOutput,
  options: Omit<ProcessLoggerOptions, "level">,
): string | null {
  isColored = color && file === null;
  const { format, system, worker, pid = process.pid } = options;
  return setOutput(file, (lost, cause) => {
    if (format !== "json") return printLoss(lost, cause);
    const fields = { lost, cause };
    const record = { time: new Date(), level: "warn", system, worker, pid } as const;
    return formatRecord({ ...record, event: "log lines lost", fields }, format);
  });
}

/** Options of a process's logger. */
export interface ProcessLoggerOptions {
  level: LogLevel;
  format: LogFormat;
  /** Kind of process, as printed in every line: `Controller`, `Proxy`, `Router`. */
  system: string;
  /** Id of the worker; null in the controller. */
  worker: string | null;
  /** Process that the records are about; absent: this one. */
  pid?: number;
}

/** Set while the process is running; undefined: each logger has the level with which it was made. */
let present: LogLevel | undefined;

/** How much all loggers of this process write from now on. */
export function setLogLevel(level: LogLevel): void {
  present = level;
}

/** Makes the logger of this process. */
export function processLogger(options: ProcessLoggerOptions): Logger {
  const { format, system, worker, pid = process.pid } = options;
  const isWritten = (level: LogRecord["level"]) =>
    LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(present ?? options.level);

  const logAt = (level: LogRecord["level"]) => {
    const stream = level === "error" || level === "warn" ? "stderr" : "stdout";
    return (event: string, fields: LogFields = {}, text?: string) => {
      if (!isWritten(level)) return;
      const record = { time: new Date(), level, system, worker, pid, event, fields, text };
      const line = `${formatRecord(record, format, isColored)}\n`;
      if (text === undefined) writeOutput(stream, line);
      else gatherOutput(line);
    };
  };
  return {
    error: logAt("error"),
    warn: logAt("warn"),
    info: logAt("info"),
    debug: logAt("debug"),
    get omitsInfo() {
      return !isWritten("info");
    },
  };
}
