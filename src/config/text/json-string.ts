/**
 * The end of a string in a JSON text (RFC 8259, section 7).
 *
 * One expression for a whole string would have a group that repeats, and the engine repeats a group a million
 * times at most.
 *
 * @module
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings.
const special = /["\\\u0000-\u001f]/g;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** The position after the string that begins at `start`; -1: it has no end, or is malformed before. */
export function jsonStringEnd(text: string, start: number): number {
  special.lastIndex = start + 1;
  for (let found = special.exec(text); found !== null; found = special.exec(text)) {
    if (found[0] === '"') return special.lastIndex;
    escapeSequence.lastIndex = found.index;
    if (!escapeSequence.test(text)) return -1;
    special.lastIndex = escapeSequence.lastIndex;
  }
  return -1;
}
