/**
 * The chunks of a body whose length is not known when it begins (RFC 9112, section 7.1).
 *
 * @module
 */

const CHUNK_END = Buffer.from("\r\n");

/** Ends a body in chunks, without trailer fields. */
export const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** Sends octets as one chunk; there has to be one at least, because an empty chunk is the last. Gives the last answer of `send`. */
export function sendChunk<Answer>(octets: Uint8Array, send: (part: Uint8Array) => Answer): Answer {
  send(Buffer.from(`${octets.length.toString(16)}\r\n`));
  send(octets);
  return send(CHUNK_END);
}
