/**
 * Reads and parses a configuration file, by its name JSON or YAML.
 *
 * @module
 */

import { extname } from "node:path";
import { fileStateOf } from "#base/file-state.ts";
import { parseJson } from "./text/parse-json.ts";
import { parseYaml } from "./text/parse-yaml.ts";
import { type ParsedText, SyntaxFault } from "./text/parsed-text.ts";
import { readText } from "./text/read-file.ts";

/** A longer file is a mistake, not a configuration. */
const MOST_OCTETS = 16 * 1024 * 1024;

/** A configuration file's text, and what is in it. Throws SyntaxFault for what cannot be read. */
export function parseConfigFile(file: string): ParsedText & { text: string } {
  const text = read(file);
  return { ...parseConfigText(text, file), text };
}

/** The text of a file by that name. Throws SyntaxFault for what cannot be read. */
export function parseConfigText(text: string, file: string): ParsedText {
  if (isYaml(file)) return parseYaml(text, file);
  if (extname(file).toLowerCase() === ".json") return parseJson(text);
  throw unreadable(file, "its name ends in neither .json nor .yaml");
}

/** Whether a file is YAML by its name. */
export function isYaml(file: string): boolean {
  return [".yaml", ".yml"].includes(extname(file).toLowerCase());
}

function read(file: string): string {
  try {
    return readText(file, MOST_OCTETS);
  } catch (thrown) {
    throw unreadable(file, fileStateOf(thrown));
  }
}

function unreadable(file: string, state: string): SyntaxFault {
  return new SyntaxFault(`Cannot read "${file}": ${state}`, { line: 1, column: 1 });
}
