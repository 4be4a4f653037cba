/**
 * Formats a log record as one line.
 *
 * A value may come from a client (an authid, a URL), so no value can begin a new line or reach the
 * terminal as a control sequence: such characters are printed as `\n` or `\u001b`. A long value is cut,
 * and its length is named.
 *
 * @module
 */

import { escapeUnprintable, isPrintable, shorten } from "#base/printable.ts";
import { printedSecond } from "#base/printed-second.ts";
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
  /** Printed in place of the event and its fields, but in JSON. */
  text?: string | undefined;
}

/** Longest event, in characters. Lines of other programs are events; no client can cause a long one. */
export const MOST_OF_EVENT = 16 * 1024;

/**
 * Prints a record as one line, without the line feed at its end. `isColored`: what is before the text is in the color
 * of its level or process, as in Crossbar.
 */
export function formatRecord(record: LogRecord, format: LogFormat, isColored = false): string {
  if (format === "json") return formatJson(record);
  const { event, fields, text: whole } = record;
  const text = [
    escapeUnprintable(shorten(whole ?? event, MOST_OF_EVENT)),
    ...(whole === undefined ? Object.entries(fields).flatMap(formatField) : []),
  ];
  const line = text.join(" ");
  if (format === "none") return line;
  const system = `[${record.system.padEnd(10)} ${String(record.pid).padStart(6)}]`;
  const head = format === "syslogd" ? system : `${formatTime(record.time.getTime())} ${system}`;
  return `${isColored ? colored(head, record) : head} ${line}`;
}

/** Foreground colors of terminals (ECMA-48, SGR) by the kind of process; others are white. */
const COLORS: Record<string, number> = { Controller: 34, Router: 33, Container: 32 };
const WHITE = 37;
const RED = 31;

function colored(text: string, { level, system }: LogRecord): string {
  const isUrgent = level === "error" || level === "warn";
  return `\u001b[${isUrgent ? RED : (COLORS[system] ?? WHITE)}m${text}\u001b[39m`;
}

/** Crossbar's time: seconds, and the offset without a colon. */
const formatTime = printedSecond((time) => `${time.toISOString().slice(0, 19)}+0000`);

function formatField([name, value]: [string, LogFields[string]]): string[] {
  if (value === undefined) return [];
  if (typeof value !== "string") return [`${name}=${value}`];
  const short = shortValue(name, value);
  const isPlain = /^[^\s"=\\]+$/.test(short) && isPrintable(short);
  return [`${name}=${isPlain ? short : escapeUnprintable(JSON.stringify(short))}`];
}

const RECORD_NAMES = ["time", "level", "system", "worker", "pid", "event"];

function formatJson(record: LogRecord): string {
  const { time, level, system, worker, pid } = record;
  const event = shorten(record.event, MOST_OF_EVENT);
  const base = { time: time.toISOString(), level, system, worker, pid, event };
  const line: Record<string, unknown> = base;
  for (const [name, value] of Object.entries(record.fields)) {
    // A field must not replace a part of the record.
    const key = RECORD_NAMES.includes(name) ? `${name}_` : name;
    const isShort = typeof value !== "string" || record.text !== undefined;
    line[key] = isShort ? value : shortValue(name, value);
  }
  return escapeUnprintable(JSON.stringify(line));
}

/** Longest value, in characters: what is longer is a mistake or an attack, and could fill a disk. */
const MOST_OF_VALUE = 300;

/** A stack comes from the program itself. */
const MOST_OF_STACK = 4_000;

function shortValue(name: string, value: string): string {
  return shorten(value, name === "stack" ? MOST_OF_STACK : MOST_OF_VALUE);
}
