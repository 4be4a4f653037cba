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
import { gatherOutput, writeOutput } from "./write-output.ts";

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

/** Makes the logger of this process. */
export function processLogger(options: ProcessLoggerOptions): Logger {
  const { format, system, worker, pid = process.pid } = options;
  const threshold = LOG_LEVELS.indexOf(options.level);

  const logAt = (level: LogRecord["level"]) => {
    if (LOG_LEVELS.indexOf(level) > threshold) return () => {};
    const stream = level === "error" || level === "warn" ? "stderr" : "stdout";
    return (event: string, fields: LogFields = {}, text?: string) => {
      const record = { time: new Date(), level, system, worker, pid, event, fields, text };
      const line = `${formatRecord(record, format)}\n`;
      if (text === undefined) writeOutput(stream, line);
      else gatherOutput(line);
    };
  };
  return {
    error: logAt("error"),
    warn: logAt("warn"),
    info: logAt("info"),
    debug: logAt("debug"),
    omitsInfo: LOG_LEVELS.indexOf("info") > threshold,
  };
}
