/** A log whose records a test waits for. */

import { formatRecord, type LogRecord } from "#observe/log-format.ts";
import type { LogFields, Logger } from "#observe/logger.ts";

/** Keeps each record as its text behind its level: `info worker started id=a`. */
export function awaitedLog() {
  const lines: string[] = [];
  const wakes: (() => void)[] = [];
  const keep =
    (level: LogRecord["level"]) =>
    (event: string, fields: LogFields = {}) => {
      const record = { time: new Date(0), level, system: "", worker: null, pid: 0, event, fields };
      lines.push(`${level} ${formatRecord(record, "none")}`);
      for (const wake of wakes.splice(0)) wake();
    };
  const log: Logger = {
    error: keep("error"),
    warn: keep("warn"),
    info: keep("info"),
    debug: keep("debug"),
  };
  return {
    log,
    lines,
    /** Resolves with the first record that matches, behind the first so many. */
    async until(wanted: RegExp, from = 0): Promise<string> {
      for (;;) {
        const found = lines.slice(from).find((line) => wanted.test(line));
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => wakes.push(resolve));
      }
    },
  };
}
