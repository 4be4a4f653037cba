/**
 * What a parsed configuration text gives, and the faults and warnings that JSON and YAML share.
 *
 * @module
 */

import type { JsonPath } from "./config-issue.ts";
import type { Position, SourceMap } from "./source-map.ts";

/** A text is not valid JSON or YAML: the position in the text, and the path of the item there. */
export class SyntaxFault extends Error {
  readonly position: Position;
  readonly path: JsonPath;

  constructor(sentence: string, position: Position, path: JsonPath = []) {
    super(sentence);
    this.name = "SyntaxFault";
    this.position = position;
    this.path = path;
  }
}

/** Deeper nesting is a mistake, and could exhaust the stack. */
export const MAX_DEPTH = 200;

/** The fault of a text that nests deeper. */
export const TOO_DEEP = `items are nested more than ${MAX_DEPTH} deep`;

/** The fault of a name that JavaScript would not take for one. */
export const NO_PROTO = 'the attribute name "__proto__" is not allowed';

/** A sentence about an attribute that is accepted, and that may not be meant so. */
export interface ParsedWarning {
  path: JsonPath;
  sentence: string;
}

/** The warning of an attribute that stands a second time in its map; `line` is that of the one before. */
export function repeatedAttribute(path: JsonPath, line: number | undefined): ParsedWarning {
  const sentence = `attribute "${path.at(-1)}" is also given in line ${line}; the last one counts`;
  return { path, sentence };
}

/** A parsed text: its value, and the position of every key and value. */
export interface ParsedText {
  value: unknown;
  places: SourceMap;
  warnings: readonly ParsedWarning[];
}
