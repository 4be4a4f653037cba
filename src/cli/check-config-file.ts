/**
 * checkConfigFile: all that can be said of a configuration before it is used: what its text says, and whether the
 * files, programs and addresses that it names are there.
 *
 * @module
 */

import { loadNodeConfig } from "#config/load.ts";
import { checkMachine, thisMachine } from "#config/machine-checks.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import { type ConfigIssue, inOrder } from "#config/text/config-issue.ts";
import { checkArchives } from "./check-archives.ts";
import { checkPython } from "./check-python.ts";
import { checkSchemas } from "./check-schemas.ts";
import { checkTemplates } from "./check-templates.ts";
import type { ConfigFile } from "./config-file.ts";

/** A configuration with its issues. */
export interface CheckedConfig {
  /** Null when there is any fault. */
  config: NodeConfig | null;
  faults: ConfigIssue[];
  warnings: ConfigIssue[];
  /** A line for each path with templates, which says what renders them. */
  engines: string[];
}

/** Checks a configuration file. */
export async function checkConfigFile({ file, folder }: ConfigFile): Promise<CheckedConfig> {
  const { config, faults, warnings, needs } = await loadNodeConfig(file, process.env, folder);
  const python = config === null ? [] : await checkPython(needs, config.folder);
  const archives = await checkArchives(needs);
  const templates = await checkTemplates(needs, folder);
  const machine = checkMachine(needs, thisMachine());
  const others = [...machine, ...archives, ...python, ...templates.warnings];
  const allFaults = inOrder([...faults, ...templates.faults, ...checkSchemas(needs)]);
  const allWarnings = inOrder([...warnings, ...others]);
  if (config === null || allFaults.length > 0) {
    return { config: null, faults: allFaults, warnings: allWarnings, engines: [] };
  }
  return { config, faults: [], warnings: allWarnings, engines: templates.engines };
}
