/**
 * The logger that every part is handed: an event in a few words, then fields.
 *
 * @module
 */

/** Fields of a log record; a value that is secret never becomes one. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** Writes records of one process. Events are lower case and in the past tense. */
export interface Logger {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
}
