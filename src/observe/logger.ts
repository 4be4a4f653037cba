/**
 * Logger: what every part of the program logs with; an event in a few words, then fields.
 *
 * @module
 */

/** Fields of a log record; a secret is never one. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** Writes records of one process. Events are lower case and in the past tense. */
export interface Logger {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /**
   * `text` is printed in place of the event and its fields, but in JSON; no part of it may be long. There may be many
   * such records: they are written together, a moment later.
   */
  info(event: string, fields?: LogFields, text?: string): void;
  debug(event: string, fields?: LogFields): void;
  /** Whether `info` writes nothing, so that its fields need not be made; absent: it writes. */
  readonly omitsInfo?: boolean;
}

/** The log, of which these methods are others. */
export function withMethods(log: Logger, methods: Partial<Pick<Logger, "error" | "warn">>): Logger {
  return {
    ...log,
    ...methods,
    // The level may change while the process runs.
    get omitsInfo() {
      return log.omitsInfo === true;
    },
  };
}
