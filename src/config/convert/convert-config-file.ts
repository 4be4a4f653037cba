/**
 * A configuration file in JSON as one in YAML, and the reverse, for `crossproxy convert`.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { isYaml, parseConfigFile, parseConfigText } from "#config/parse-config-file.ts";
import { type ConfigIssue, type JsonPath, printJsonPath } from "#config/text/config-issue.ts";
import { jsonTextOf, nameOfNotJson } from "#config/text/json-text.ts";
import type { ParsedText } from "#config/text/parsed-text.ts";
import { yamlLosses } from "./yaml-losses.ts";
import { yamlTextOf } from "./yaml-text.ts";

/** What came of a conversion. */
export type Conversion =
  /** `warnings` name what the other format does not have. */
  | { kind: "converted"; text: string; warnings: ConfigIssue[] }
  /** The file has values that JSON does not have. */
  | { kind: "faulty"; faults: ConfigIssue[] };

/**
 * The file's text in the other format.
 *
 * @throws Failure when what would be written is not what was read; SyntaxFault for a file that cannot be read.
 */
export function convertConfigFile(file: string): Conversion {
  const parsed = parseConfigFile(file);
  const conversion = isYaml(file) ? toJson(parsed, file) : toYaml(parsed, file);
  if (conversion.kind === "converted") requireSame(conversion.text, parsed, file);
  return conversion;
}

function toYaml(parsed: ParsedText, file: string): Conversion {
  const text = yamlTextOf(parsed.value, parsed.places);
  return { kind: "converted", text, warnings: warningsOf(parsed, file) };
}

function toJson(parsed: ParsedText & { text: string }, file: string): Conversion {
  const { value, places } = parsed;
  const { text, notJson, notFinite } = jsonTextOf(value, [], places, 2);
  const fault = (path: JsonPath, noun: string): ConfigIssue => ({
    file,
    ...places.value(path),
    path: printJsonPath(path),
    sentence: `it is ${noun}, which JSON does not have`,
  });
  const faults = [
    ...notJson.map((one) => fault(one.path, nameOfNotJson(one))),
    ...notFinite.map(({ path, name }) => fault(path, name)),
  ];
  if (faults.length > 0) return { kind: "faulty", faults };
  const warnings = [...warningsOf(parsed, file), ...lossesOf(parsed.text, file)];
  return { kind: "converted", text: `${text}\n`, warnings };
}

function warningsOf({ places, warnings }: ParsedText, file: string): ConfigIssue[] {
  return warnings.map(({ path, sentence }) => {
    return { file, ...places.key(path), path: printJsonPath(path), sentence };
  });
}

function lossesOf(text: string, file: string): ConfigIssue[] {
  const { comments, aliases } = yamlLosses(text);
  const losses: [number[], (lines: string) => string][] = [
    [comments, (lines) => `JSON has no comments: those in ${lines} are lost`],
    [aliases, (lines) => `JSON has no aliases: in ${lines} their values are written out`],
  ];
  return losses.flatMap(([lines, sentence]) => {
    const [line] = lines;
    return line === undefined
      ? []
      : [{ file, line, column: 1, path: "$", sentence: sentence(printLines(lines)) }];
  });
}

/** Most lines that are named. */
const MAX_LINES = 20;

function printLines(lines: readonly number[]): string {
  const more = lines.length - MAX_LINES;
  const named = lines.slice(0, MAX_LINES).join(", ");
  return `${lines.length === 1 ? "line" : "lines"} ${named}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The digits of integers are those that were read, so that values which JavaScript rounds are the same, too. */
function requireSame(text: string, { value }: ParsedText, file: string): void {
  const again = parseConfigText(text, isYaml(file) ? "other.json" : "other.yaml").value;
  if (JSON.stringify(again) === JSON.stringify(value)) return;
  throw new Failure(`Cannot convert "${file}": the other text would not be read as the same`, {
    source: "internal",
  });
}
