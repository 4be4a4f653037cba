/**
 * Formats a log record as one line.
 *
 * A value may come from a client (an authid, a URL), so no value can begin a new line or reach the
 * terminal as a control sequence: such characters are printed as `\n` or `\u001b`.
 *
 * @module
 */

import type { LogFields } from "./logger.ts";

/** The formats of `--logformat`; the first is the default. */
export const LOG_FORMATS = ["standard", "syslogd", "none", "json"] as const;

/** How a record is printed. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The levels of `--loglevel`, from silent to everything. */
export const LOG_LEVELS = ["none", "error", "warn", "info", "debug", "trace"] as const;

/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One event. */
export interface LogRecord {
  time: Date;
  level: "error" | "warn" | "info" | "debug";
  /** Kind of process: `Controller`, `Proxy`, `Router`. */
  system: string;
  /** Id of the worker; null in the controller. */
  worker: string | null;
  pid: number;
  event: string;
  fields: LogFields;
}

/** Prints a record as one line, without the line feed at its end. */
export function formatRecord(record: LogRecord, format: LogFormat): string {
  if (format === "json") return formatJson(record);
  const text = [
    escapeUnprintable(record.event),
    ...Object.entries(record.fields).flatMap(formatField),
  ];
  const line = text.join(" ");
  if (format === "none") return line;
  const system = `[${record.system.padEnd(10)} ${String(record.pid).padStart(6)}]`;
  return format === "syslogd"
    ? `${system} ${line}`
    : `${formatTime(record.time)} ${system} ${line}`;
}

/** Crossbar's time: seconds, and the offset without a colon. */
function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}+0000`;
}

function formatField([name, value]: [string, LogFields[string]]): string[] {
  if (value === undefined) return [];
  if (typeof value !== "string") return [`${name}=${value}`];
  const short = shorten(value);
  const isPlain = /^[^\s"=\\]+$/.test(short) && !UNPRINTABLE.test(short);
  return [`${name}=${isPlain ? short : escapeUnprintable(JSON.stringify(short))}`];
}

const RECORD_NAMES = ["time", "level", "system", "worker", "pid", "event"];

function formatJson(record: LogRecord): string {
  const { time, level, system, worker, pid, event } = record;
  const base = { time: time.toISOString(), level, system, worker, pid, event };
  const line: Record<string, unknown> = base;
  for (const [name, value] of Object.entries(record.fields)) {
    // A field must not replace a part of the record.
    const key = RECORD_NAMES.includes(name) ? `${name}_` : name;
    line[key] = typeof value === "string" ? shorten(value) : value;
  }
  return escapeUnprintable(JSON.stringify(line));
}

/** Longest value, in UTF-16 units: enough for a stack, too little to fill a disk with one message. */
const MAX_VALUE_LENGTH = 4_000;

function shorten(value: string): string {
  return value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value;
}

// Control characters, the line and paragraph separators, and marks of the direction of text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const UNPRINTABLES = new RegExp(UNPRINTABLE, "g");

function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLES, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
