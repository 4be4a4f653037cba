/**
 * LeftOutMessages: the log of messages of one session, or for it, that have no effect and are answered with no
 * ERROR, because none may be sent.
 *
 * | message | left out |
 * |---|---|
 * | PUBLISH without `acknowledge` | when it is refused |
 * | EVENT | when its subscriber cannot be sent it |
 * | YIELD, ERROR | for an invocation that the callee was never sent |
 * | progressive YIELD | for a call that asked for no progressive results |
 *
 * The first of each type is logged as a warning, and when the session ends, how many there were.
 *
 * @module
 */

import type { LogFields, Logger } from "#observe/logger.ts";
import { messageTypeName } from "#wamp/message-type.ts";

/** The messages of one session that were left out. */
export class LeftOutMessages {
  readonly #log: Logger;
  readonly #session: LogFields;
  /** By message name; undefined: none was left out, as in most sessions. */
  #counts: Map<string, number> | undefined;

  /** `session` is written with every line. */
  constructor(log: Logger, session: LogFields) {
    this.#log = log;
    this.#session = session;
  }

  add(type: number, reason: string): void {
    const message = messageTypeName(type);
    this.#counts ??= new Map();
    const count = (this.#counts.get(message) ?? 0) + 1;
    this.#counts.set(message, count);
    if (count === 1) this.#log.warn("message left out", { ...this.#session, message, reason });
  }

  /** The session is over. */
  sessionOver(): void {
    const several = [...(this.#counts ?? [])].filter(([, count]) => count > 1);
    this.#counts = undefined;
    if (several.length === 0) return;
    this.#log.warn("messages left out", { ...this.#session, ...Object.fromEntries(several) });
  }
}
