/**
 * JSON that came as a string.
 *
 * @module
 */

import { MalformedMessage } from "#wamp/token/malformed-message.ts";

/**
 * The UTF-8 octets of a string.
 *
 * @throws MalformedMessage when it has none, because of a lone surrogate.
 */
export function utf8Of(text: string): Buffer {
  checkSurrogates(text);
  return Buffer.from(text);
}

/** Throws MalformedMessage when a string has a lone surrogate, which UTF-8 cannot represent. */
export function checkSurrogates(text: string): void {
  if (!text.isWellFormed()) throw new MalformedMessage("json", "it has a lone surrogate");
}
