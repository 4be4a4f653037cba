/**
 * YAML (1.2) with the line and column of every item.
 *
 * @module
 */

import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { sentenceOf } from "#base/failure.ts";
import type { JsonPath } from "./config-issue.ts";
import { type ParsedText, type Position, SourceMap, SyntaxFault } from "./source-map.ts";

/** Parses YAML. Throws SyntaxFault for text that is not YAML. */
export function parseYaml(text: string): ParsedText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const error = document.errors[0];
  if (error !== undefined)
    throw new SyntaxFault(withoutQuote(error.message), positionAt(error.pos[0]));
  const places = new SourceMap();
  addPlaces(document.contents, [], places, positionAt);
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), places };
  } catch (cause) {
    throw new SyntaxFault(withoutQuote(sentenceOf(cause)), { line: 1, column: 1 });
  }
}

/** Some sentences of the parser end with a quote, which may be a secret without its quotation marks. */
function withoutQuote(sentence: string): string {
  return sentence.replace(/: \S.*$/s, "");
}

/** Records all places of a document; the value of an alias has the place of the alias. */
function addPlaces(
  node: Node | null,
  path: JsonPath,
  places: SourceMap,
  positionAt: (offset: number) => Position,
): void {
  if (node?.range) places.addValue(path, positionAt(node.range[0]));
  if (isSeq(node)) {
    node.items.forEach((item, index) => {
      addPlaces(item as Node | null, [...path, index], places, positionAt);
    });
  }
  if (!isMap(node)) return;
  for (const pair of node.items) {
    if (!isScalar(pair.key)) continue;
    const child = [...path, String(pair.key.value)];
    if (pair.key.range) places.addKey(child, positionAt(pair.key.range[0]));
    addPlaces(pair.value as Node | null, child, places, positionAt);
  }
}
