/**
 * A configuration file of version 1 as the text of version 2, for `crossproxy upgrade`.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { loadNodeConfig } from "#config/load.ts";
import { isYaml, parseConfigFile, parseConfigText } from "#config/parse-config-file.ts";
import { type ConfigIssue, printJsonPath } from "#config/text/config-issue.ts";
import { parseYamlText } from "#config/text/parse-yaml.ts";
import { SyntaxFault } from "#config/text/parsed-text.ts";
import {
  isVersion1,
  unknownWarnings,
  upgradedPermissions,
  upgradeNode,
} from "#config/version-1.ts";
import { upgradeJson } from "./upgrade-json.ts";
import { upgradeYaml } from "./upgrade-yaml.ts";

/** What came of an upgrade. */
export type Upgrade =
  | { kind: "upgraded"; text: string; warnings: ConfigIssue[] }
  /** The file is of version 2 already. */
  | { kind: "unchanged" }
  /** The file cannot be read, or is of no version that is known. */
  | { kind: "faulty"; faults: ConfigIssue[] };

/**
 * Reads a file and makes the text of version 2. Other faults than of the text and its version are not
 * looked for.
 *
 * @throws Failure when what would be written is not what was read.
 */
export async function upgradeConfigFile(file: string): Promise<Upgrade> {
  const parsed = orNull(() => parseConfigFile(file));
  if (parsed === null || !isVersion1(parsed.value)) return describeOther(file, parsed?.value);
  const { text, value } = parsed;
  const permissions = upgradedPermissions(value);
  const yaml = isYaml(file) ? parseYamlText(text, file) : null;
  const upgraded = yaml === null ? upgradeJson(text, permissions) : upgradeYaml(yaml, permissions);
  if (!isReadAs(upgraded, upgradeNode(value), file)) {
    throw new Failure(
      `Cannot upgrade "${file}": version 2 of it would not be read as the same configuration; write out its anchors and aliases first`,
      { source: "config" },
    );
  }
  const warnings = permissions.flatMap(unknownWarnings).map(({ path, sentence }) => ({
    file,
    ...parsed.places.key(path),
    path: printJsonPath(path),
    sentence,
  }));
  return { kind: "upgraded", text: upgraded, warnings };
}

async function describeOther(file: string, value: unknown): Promise<Upgrade> {
  const isVersion2 =
    typeof value === "object" && value !== null && "version" in value && value.version === 2;
  if (isVersion2) return { kind: "unchanged" };
  return { kind: "faulty", faults: (await loadNodeConfig(file)).faults };
}

function isReadAs(text: string, expected: unknown, file: string): boolean {
  const parsed = orNull(() => parseConfigText(text, file));
  return parsed !== null && Bun.deepEquals(parsed.value, expected, true);
}

/** What is parsed; null: it cannot be read. */
function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof SyntaxFault) return null;
    throw thrown;
  }
}
