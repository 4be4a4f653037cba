/**
 * ConfigIssue: a fault or a warning with its place in a configuration file, and both as text.
 *
 * @module
 */

import { escapeUnprintable, shorten } from "#base/printable.ts";

/** A fault or a warning: one sentence about one place of a configuration file. */
export interface ConfigIssue {
  /** The file as the operator typed it. */
  file: string;
  /** Counted from 1. */
  line: number;
  /** Counted from 1, in characters. */
  column: number;
  /** Such as `$.workers[0].transports[0].paths["/"].type`. */
  path: string;
  sentence: string;
}

/** The steps from the top of the file to an item. */
export type JsonPath = readonly (string | number)[];

const MOST_OF_PATH = 300;
const MOST_OF_SENTENCE = 500;

/** The line that an operator reads: `file:line:column  $.json.path: sentence`. */
export function printIssue({ file, line, column, path, sentence }: ConfigIssue): string {
  const what = `${shorten(path, MOST_OF_PATH)}: ${shorten(sentence, MOST_OF_SENTENCE)}`;
  return escapeUnprintable(`${file}:${line}:${column}  ${what}`);
}

/** A path as unambiguous text: `$.paths["/"].type`. */
export function printJsonPath(path: JsonPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return /^[A-Za-z_$][\w$]*$/.test(step) ? `${text}.${step}` : `${text}[${JSON.stringify(step)}]`;
  }, "$");
}

/** Issues of one file in the order of the file. */
export function inOrder(issues: readonly ConfigIssue[]): ConfigIssue[] {
  return issues.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
