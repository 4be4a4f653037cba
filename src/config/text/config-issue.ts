/**
 * ConfigIssue: a fault or a warning with its place in a configuration file, and both as text.
 *
 * @module
 */

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

/** The line that an operator reads: `file:line:column  $.json.path: sentence`. */
export function printIssue(issue: ConfigIssue): string {
  return `${issue.file}:${issue.line}:${issue.column}  ${issue.path}: ${issue.sentence}`;
}

/** A path as unambiguous text: `$.paths["/"].type`. */
export function printJsonPath(path: JsonPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return /^[A-Za-z_$][\w$]*$/.test(step) ? `${text}.${step}` : `${text}[${JSON.stringify(step)}]`;
  }, "$");
}
