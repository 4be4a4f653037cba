/**
 * Loads a configuration file: reads, parses, checks and normalizes it.
 *
 * @module
 */

import { accessSync, constants, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import * as v from "valibot";
import type { PlacedNeed } from "./machine-need.ts";
import { type NodeItem, node } from "./node/node-schema.ts";
import { normalizeNode } from "./node/normalize-node.ts";
import type { NodeConfig } from "./node-config.ts";
import { explainType } from "./schema/fault-sentence.ts";
import { issueSentence } from "./schema/issue-sentence.ts";
import { replaceTolerated } from "./schema/tolerated-values.ts";
import { type ConfigIssue, type JsonPath, printJsonPath } from "./text/config-issue.ts";
import { parseJson } from "./text/parse-json.ts";
import { parseYaml } from "./text/parse-yaml.ts";
import { Report } from "./text/report.ts";
import { type ParsedText, SyntaxFault } from "./text/source-map.ts";
import { readVersion1 } from "./version-1.ts";

/** Names of a configuration file, in the order in which they are tried. */
const FILE_NAMES = ["config.yaml", "config.json", "node.json"];

/** A longer file is a mistake, not a configuration. */
const MAX_FILE_OCTETS = 16 * 1024 * 1024;

/** A configuration, or all of its faults. */
export interface LoadedConfig {
  /** Null when there is any fault. */
  config: NodeConfig | null;
  faults: ConfigIssue[];
  /** Attributes that are accepted and not honoured, and likely mistakes. */
  warnings: ConfigIssue[];
  /** What the machine has to have, which is not looked for here. */
  needs: PlacedNeed[];
}

/** Loads a configuration file. No contents of the file make it throw. */
export async function loadNodeConfig(
  file: string,
  env: Record<string, string | undefined> = process.env,
): Promise<LoadedConfig> {
  let parsed: ParsedText;
  try {
    parsed = readVersion1(await parseConfigFile(file), file);
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault;
    const sentence = fault.message;
    return {
      config: null,
      faults: [{ file, ...fault.position, path: printJsonPath(fault.path), sentence }],
      warnings: [],
      needs: [],
    };
  }
  const absolute = resolve(file);
  const report = new Report(file, dirname(absolute), parsed.places, env);
  for (const { path, sentence } of parsed.warnings) report.warn(path, sentence);
  replaceTolerated(node, parsed.value, report);
  const checked = v.safeParse(node, parsed.value, { message: explainType });
  // Of another version nothing is known, not even what is a fault.
  const ofVersion = checked.issues?.filter(({ path }) => path?.[0]?.key === "version") ?? [];
  const isReadable = ofVersion.length === 0;
  const issues = isReadable ? checked.issues : ofVersion;
  for (const issue of issues ?? []) addIssue(issue, [], report);
  const item = checked.output as NodeItem;
  const isMap = typeof item === "object" && item !== null && !Array.isArray(item);
  const config = isMap && isReadable ? normalizeNode(item, absolute, report) : null;
  const { faults, warnings, needs } = report;
  return { config: faults.length === 0 ? config : null, faults, warnings, needs };
}

/**
 * The configuration file of a node's folder, or null: in the folder's `.crossbar`, else in the folder
 * itself. Without `cbdir` the folder is `$CROSSBAR_DIR`, or the working directory.
 */
export function findConfigFile(
  cbdir?: string,
  env: Record<string, string | undefined> = process.env,
): string | null {
  const folder = cbdir ?? env["CROSSBAR_DIR"] ?? ".";
  return (
    [join(folder, ".crossbar"), folder]
      .flatMap((where) => FILE_NAMES.map((name) => join(where, name)))
      .find(isReadableFile) ?? null
  );
}

/** A configuration file's text, and what is in it. Throws SyntaxFault for what cannot be read. */
export async function parseConfigFile(file: string): Promise<ParsedText & { text: string }> {
  const text = await read(file);
  return { ...parse(file, text), text };
}

async function read(file: string): Promise<string> {
  try {
    const info = statSync(file);
    if (info.isDirectory()) throw new Error("it is a directory");
    if (!info.isFile()) throw new Error("it is no file");
    if (info.size > MAX_FILE_OCTETS) throw new Error(`it is longer than ${MAX_FILE_OCTETS} octets`);
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw new SyntaxFault(`Cannot read "${file}": ${stateOf(cause)}`, { line: 1, column: 1 });
  }
}

function stateOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
  if (code === "EACCES") return "no permission";
  if (cause instanceof TypeError) return "it is not UTF-8 text";
  return cause instanceof Error ? cause.message : String(cause);
}

function parse(file: string, text: string): ParsedText {
  const extension = extname(file).toLowerCase();
  if (extension === ".json") return parseJson(text);
  if (extension === ".yaml" || extension === ".yml") return parseYaml(text, file);
  throw new SyntaxFault(`Cannot read "${file}": its name ends in neither .json nor .yaml`, {
    line: 1,
    column: 1,
  });
}

function addIssue(issue: v.BaseIssue<unknown>, outer: JsonPath, report: Report): void {
  const path = [...outer, ...(issue.path ?? []).map((step) => step.key as string | number)];
  const sentence = issueSentence(issue, path);
  const isAtKey = issue.expected === "never" || issue.path?.at(-1)?.origin === "key";
  report.malformed(path, sentence, isAtKey && issue.received !== "undefined");
}

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
