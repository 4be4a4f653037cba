/**
 * warningLines: the lines that an operator reads of the warnings of a configuration.
 *
 * @module
 */

import { escapeUnprintable, shorten } from "#base/printable.ts";
import { type ConfigIssue, printIssue } from "./config-issue.ts";

/** Most places that a line lists after its first one. */
const MOST_PLACES = 20;

/** Most characters of the name at a place. */
const MOST_OF_NAME = 40;

/**
 * One line for each sentence, at its first place; the other places follow as `line:column`, with the name of what
 * stands there if it is another one.
 */
export function warningLines(warnings: readonly ConfigIssue[]): string[] {
  const alike = Map.groupBy(warnings, ({ sentence }) => sentence);
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    if (others.length === 0) return printIssue(first);
    const places = others.slice(0, MOST_PLACES).map((other) => placeOf(other, nameAt(first)));
    const left = others.length - places.length;
    if (left > 0) places.push(`${left} more`);
    return `${printIssue(first)}; also at ${places.join(", ")}`;
  });
}

function placeOf(issue: ConfigIssue, known: string): string {
  const name = nameAt(issue);
  const shown = escapeUnprintable(shorten(name, MOST_OF_NAME));
  return `${issue.line}:${issue.column}${name === known ? "" : ` (${shown})`}`;
}

/** The end of a path from its last plain name on: `ws`, `paths["/"]`, `transports[1]`. */
function nameAt({ path }: ConfigIssue): string {
  return /[\w$]+(\[(\d+|"[^"]*")\])*$/.exec(path)?.[0] ?? path;
}
