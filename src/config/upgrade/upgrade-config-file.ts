/**
 * A configuration file of version 1 as the text of version 2, for `crossproxy upgrade`.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { loadNodeConfig, parseConfigFile } from "#config/load.ts";
import { type ConfigIssue, printJsonPath } from "#config/text/config-issue.ts";
import { parseJson } from "#config/text/parse-json.ts";
import { parseYaml, parseYamlText } from "#config/text/parse-yaml.ts";
import { SyntaxFault } from "#config/text/source-map.ts";
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
  const parsed = await parseConfigFile(file).catch((thrown) => {
    if (thrown instanceof SyntaxFault) return null;
    throw thrown;
  });
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

/** Whether a file is YAML by its name. */
export function isYaml(file: string): boolean {
  return /\.ya?ml$/i.test(file);
}

async function describeOther(file: string, value: unknown): Promise<Upgrade> {
  const isVersion2 =
    typeof value === "object" && value !== null && "version" in value && value.version === 2;
  if (isVersion2) return { kind: "unchanged" };
  return { kind: "faulty", faults: (await loadNodeConfig(file)).faults };
}

function isReadAs(text: string, expected: unknown, file: string): boolean {
  try {
    const { value } = isYaml(file) ? parseYaml(text, file) : parseJson(text);
    return Bun.deepEquals(value, expected, true);
  } catch (thrown) {
    if (thrown instanceof SyntaxFault) return false;
    throw thrown;
  }
}
