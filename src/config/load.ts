/**
 * Loads a configuration file: reads, parses, checks and normalizes it.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { isRecord } from "#base/record.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import type { PlacedNeed } from "./machine-need.ts";
import { type NodeItem, node } from "./node/node-schema.ts";
import { normalizeNode } from "./node/normalize-node.ts";
import { parseConfigFile } from "./parse-config-file.ts";
import { explainType } from "./schema/fault-sentence.ts";
import { issueSentence } from "./schema/issue-sentence.ts";
import { replaceTolerated } from "./schema/tolerated-values.ts";
import { type ConfigIssue, printJsonPath } from "./text/config-issue.ts";
import { type ParsedText, SyntaxFault } from "./text/parsed-text.ts";
import { Report } from "./text/report.ts";
import { readVersion1 } from "./version-1.ts";

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

/**
 * Loads a configuration file; names of files in it are relative to `folder`. No contents of the file make it
 * throw.
 */
export async function loadNodeConfig(
  file: string,
  env: Record<string, string | undefined> = process.env,
  folder = dirname(file),
): Promise<LoadedConfig> {
  let parsed: ParsedText;
  try {
    parsed = readVersion1(parseConfigFile(file), file);
  } catch (fault) {
    if (fault instanceof SyntaxFault) return withFault(file, fault);
    throw fault;
  }
  const absolute = resolve(file);
  const report = new Report(file, resolve(folder), parsed.places, env);
  for (const { path, sentence } of parsed.warnings) report.warn(path, sentence);
  const item = checkNode(parsed.value, report);
  const config = item && normalizeNode(item, absolute, report);
  const { faults, warnings, needs } = report;
  return { config: faults.length === 0 ? config : null, faults, warnings, needs };
}

function withFault(file: string, { message, position, path }: SyntaxFault): LoadedConfig {
  const fault = { file, ...position, path: printJsonPath(path), sentence: message };
  return { config: null, faults: [fault], warnings: [], needs: [] };
}

/** The node with its defaults, also with faults, which are reported; null: nothing of it can be normalized. */
function checkNode(value: unknown, report: Report): NodeItem | null {
  replaceTolerated(node, value, report);
  const { issues = [], output } = v.safeParse(node, value, { message: explainType });
  // Of another version nothing is known, not even what is a fault.
  const ofVersion = issues.filter(({ path }) => path?.[0]?.key === "version");
  const isOther = ofVersion.length > 0;
  for (const issue of isOther ? ofVersion : issues) addIssue(issue, report);
  return !isOther && isRecord(output) ? (output as NodeItem) : null;
}

function addIssue(issue: v.BaseIssue<unknown>, report: Report): void {
  const path = (issue.path ?? []).map((step) => step.key as string | number);
  const isAtKey = issue.expected === "never" || issue.path?.at(-1)?.origin === "key";
  report.malformed(path, issueSentence(issue, path), isAtKey && issue.received !== "undefined");
}
