/**
 * RecentWarnings: the latest warnings and errors of a process, without what is not for every eye.
 *
 * Of the fields only those are kept that are listed here; process ids, file names, addresses, authids and sentences
 * are not. An event is kept if it consists of words alone; one with quotation marks, slashes or digits may name
 * anything, and only the log has it.
 *
 * @module
 */

import { escapeUnprintable, shorten } from "#base/printable.ts";
import { type LogFields, type Logger, withMethods } from "./logger.ts";
import type { Warning, WarningFields } from "./statistics.ts";

/** Most warnings that are kept. */
export const MAX_WARNINGS = 50;

/** Longest value, in characters. */
const MOST_OF_VALUE = 100;

/** The fields that are kept: names out of the configuration, URIs, reasons out of tables, and numbers. */
const SHOWN_FIELDS: readonly string[] = [
  "authrole",
  "bufferedOctets",
  "connection",
  "ended",
  "ends",
  "id",
  "limit",
  "message",
  "messages",
  "realm",
  "refused",
  "restart_ms",
  "sessions",
  "silent_seconds",
  "stalled",
  "towards",
  "transport",
  "trigger",
  "uri",
  "waiting",
];

const WORDS = /^[A-Za-z][A-Za-z ,:'-]*$/;

/** What is shown of an event that is not words alone. */
const NOT_SHOWN = "a warning that only the log has";

/** The warnings of one process. */
export class RecentWarnings {
  #kept: Warning[] = [];
  #count = 0;

  /** Keeps a warning or an error; beyond the most, the oldest one is dropped. */
  add(level: Warning["level"], event: string, fields: LogFields = {}): void {
    const at = new Date().toISOString();
    this.#kept.push({ at, level, event: shownEvent(event), fields: shownFields(fields) });
    if (this.#kept.length > MAX_WARNINGS) this.#kept.shift();
    this.#count += 1;
  }

  /** Whether there were none since `take` was last called. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Those since the last call that are kept, the oldest first, and how many there were. */
  take(): { warnings: Warning[]; count: number } {
    const taken = { warnings: this.#kept, count: this.#count };
    this.#kept = [];
    this.#count = 0;
    return taken;
  }
}

/** The log, of which warnings and errors are kept, whatever its level is. */
export function keepingWarnings(log: Logger, kept: RecentWarnings): Logger {
  return withMethods(log, {
    error(event, fields) {
      kept.add("error", event, fields);
      log.error(event, fields);
    },
    warn(event, fields) {
      kept.add("warn", event, fields);
      log.warn(event, fields);
    },
  });
}

function shownEvent(event: string): string {
  return WORDS.test(event) ? shorten(event, MOST_OF_VALUE) : NOT_SHOWN;
}

function shownFields(fields: LogFields): WarningFields {
  const shown: WarningFields = {};
  for (const name of SHOWN_FIELDS) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    shown[name] =
      typeof value === "string" ? escapeUnprintable(shorten(value, MOST_OF_VALUE)) : value;
  }
  return shown;
}
