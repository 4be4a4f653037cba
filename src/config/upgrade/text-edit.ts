/**
 * Edits of a text: what is replaced in it, so that all the rest stays as it is.
 *
 * @module
 */

/** What takes the place of the characters from `start` to `end`. */
export interface TextEdit {
  start: number;
  end: number;
  text: string;
}

/** The text after all edits, no two of which touch. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((done, edit) => done.slice(0, edit.start) + edit.text + done.slice(edit.end), text);
}
