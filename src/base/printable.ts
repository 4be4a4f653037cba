/**
 * Texts that may come from anywhere, such as a client or a file, made fit for one line of a terminal.
 *
 * @module
 */

// Control characters, the line and paragraph separators, and marks of the direction of text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const UNPRINTABLES = new RegExp(UNPRINTABLE, "g");

/** Whether no character of a text begins a new line or reaches the terminal as a control sequence. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** The text with such characters as `\n` or `\u001b`. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLES, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The text, or its first `most` characters (UTF-16 units) with the length of the whole: `abc… (1000 characters)`. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const isSplit = /[\ud800-\udbff]/.test(text[most - 1] ?? "");
  return `${text.slice(0, isSplit ? most - 1 : most)}… (${text.length} characters)`;
}
