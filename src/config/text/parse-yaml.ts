/**
 * YAML as Crossbar reads it, with the line and column of every item.
 *
 * Crossbar has PyYAML's safe loader, which speaks YAML 1.1. The syntax is read by the package `yaml`, all
 * scalars as text; what they mean is in `yaml-scalars.ts` and `yaml-values.ts`. docs/yaml.md lists where
 * the two still differ.
 *
 * @module
 */

import { type Document, isScalar, LineCounter, parseAllDocuments } from "yaml";
import { type ParsedText, SyntaxFault } from "./parsed-text.ts";
import { type Position, SourceMap } from "./source-map.ts";
import { type YamlText, YamlValues } from "./yaml-values.ts";

/** Parses YAML. Throws SyntaxFault for text that is not YAML, or has a value that cannot be read. */
export function parseYaml(text: string, file: string): ParsedText {
  return withinStack(() => {
    const parsed = parseYamlText(text, file);
    if (parsed === null) return { value: null, places: new SourceMap(), warnings: [] };
    const values = new YamlValues(parsed);
    const value = values.read(parsed.document.contents, []);
    return { value, places: values.places, warnings: values.warnings };
  });
}

/**
 * The nodes of a text, with their comments; null when nothing is written. Throws SyntaxFault for text
 * that is not YAML.
 */
export function parseYamlText(text: string, file: string): YamlText | null {
  const lineCounter = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter,
  });
  const forbidden = text.search(NOT_PRINTABLE);
  if (forbidden >= 0) {
    throw new SyntaxFault("this character is not allowed in YAML", positionAt(forbidden));
  }
  const document = onlyDocument(documents, file, positionAt);
  return document === null ? null : { document, text, positionAt };
}

/** The one document of a file, without a fault in its syntax. */
function onlyDocument(
  [document, ...others]: Document.Parsed[],
  file: string,
  positionAt: (offset: number) => Position,
): Document | null {
  if (document === undefined) return null;
  const [error] = document.errors;
  if (error !== undefined) {
    if (error.code === "RESOURCE_EXHAUSTION") throw new RangeError(error.message);
    throw new SyntaxFault(withoutQuote(error.message), positionAt(error.pos[0]));
  }
  const more = others.filter(isWritten);
  if (more[0] !== undefined) {
    const state = `it holds ${more.length + 1} documents, expected one`;
    throw new SyntaxFault(`Cannot read "${file}": ${state}`, positionAt(more[0].range[0]));
  }
  return document;
}

/** Whether there is more of a document than the `...` that ends one. */
function isWritten({ directives, contents }: Document.Parsed): boolean {
  return directives.docStart === true || !isScalar(contents) || contents.source !== "";
}

/** What YAML 1.1 allows in no text. */
const NOT_PRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Some sentences end with what was found, which may be a secret that lacks its quotation marks. */
function withoutQuote(sentence: string): string {
  return sentence.replace(/: \S.*$/s, "");
}

/** Very deep nesting exhausts the stack of the parser before the depth can be counted. */
function withinStack<T>(parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new SyntaxFault("items are nested too deep", { line: 1, column: 1 });
  }
}
