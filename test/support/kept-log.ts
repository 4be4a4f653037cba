/** A log that a test can look at. */

import type { LogFields, Logger } from "#observe/logger.ts";

/** Keeps what is logged at these levels, in order, and nothing of others. */
export function keptLog(...levels: (keyof Logger)[]) {
  const logged: [event: string, fields: LogFields | undefined][] = [];
  const keep = (level: keyof Logger) => (event: string, fields?: LogFields) => {
    if (levels.includes(level)) logged.push([event, fields]);
  };
  const log: Logger = {
    error: keep("error"),
    warn: keep("warn"),
    info: keep("info"),
    debug: keep("debug"),
  };
  return { log, logged };
}
