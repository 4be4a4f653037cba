/**
 * Limits warnings and errors that repeat themselves: a router that is down would have a line for each client.
 *
 *     a line                      is written
 *     the same within 10 s        is counted
 *     10 s after the one written  if any were counted, the line is written again, with `repeated`, and 10 s begin anew
 *
 * Two lines are the same if all but their peer is.
 *
 * @module
 */

import { type LogFields, type Logger, withMethods } from "./logger.ts";

/** So long after a line the same one is counted. */
const INTERVAL_MS = 10_000;

/** Most lines that are remembered; beyond it, others are written each time. */
const MAX_LINES = 1_000;

type WriteLine = (event: string, fields?: LogFields) => void;

/** The log, whose warnings and errors do not repeat themselves. */
export function limitingRepeats(log: Logger): Logger {
  return withMethods(log, { warn: limited(log.warn), error: limited(log.error) });
}

function limited(write: WriteLine): WriteLine {
  /** How often each line was repeated since it was written. */
  const lines = new Map<string, number>();
  const watch = (key: string, event: string, fields: LogFields) => {
    lines.set(key, 0);
    setTimeout(() => {
      const repeated = lines.get(key) ?? 0;
      lines.delete(key);
      if (repeated === 0) return;
      write(event, { ...fields, repeated });
      watch(key, event, fields);
    }, INTERVAL_MS).unref();
  };
  return (event, fields) => {
    const { peer: _, ...others } = fields ?? {};
    const key = JSON.stringify([event, others]);
    const repeated = lines.get(key);
    if (repeated !== undefined) {
      lines.set(key, repeated + 1);
      return;
    }
    if (lines.size < MAX_LINES) watch(key, event, others);
    write(event, fields);
  };
}
