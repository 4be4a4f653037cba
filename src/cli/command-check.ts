/**
 * `crossproxy check`: reports every fault of a configuration at once, or that there is none.
 *
 * @module
 */

import { loadNodeConfig } from "#config/load.ts";
import { checkMachine, thisMachine } from "#config/machine-checks.ts";
import { inOrder } from "#config/text/config-issue.ts";
import { needsNodeKey } from "#node/node-controller.ts";
import { checkNodeKey } from "#node/node-key.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { checkArchives } from "./check-archives.ts";
import { checkPython } from "./check-python.ts";
import { checkSchemas } from "./check-schemas.ts";
import { checkTemplates } from "./check-templates.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";
import { printOutline } from "./node-outline.ts";
import { reportFaults, reportWarnings } from "./report-issues.ts";

/** Which file is checked. */
export interface CheckChoice extends ConfigFileChoice {
  /** Whether it is also printed what it makes. */
  verbose?: boolean | undefined;
}

/**
 * Checks the configuration and prints the result; returns the exit code.
 *
 * @throws Failure when a connection needs the node's key, and its files cannot be used.
 */
export async function checkCommand(choice: CheckChoice): Promise<number> {
  const { file, folder } = requireConfigFile(choice);
  const { config, faults, warnings, needs } = await loadNodeConfig(file, process.env, folder);
  const python = config === null ? [] : await checkPython(needs, config.folder);
  const archives = await checkArchives(needs);
  const templates = await checkTemplates(needs, folder);
  const machine = checkMachine(needs, thisMachine());
  const others = [...machine, ...archives, ...python, ...templates.warnings];
  reportWarnings(inOrder([...warnings, ...others]));
  const allFaults = inOrder([...faults, ...templates.faults, ...checkSchemas(needs)]);
  if (config === null || allFaults.length > 0) {
    reportFaults(allFaults, file);
    return ExitCode.failed;
  }
  if (config.workers.some(needsNodeKey)) checkNodeKey(config.folder);
  writeCompletely("stdout", templates.engines.map((line) => `${line}\n`).join(""));
  if (choice.verbose) writeCompletely("stdout", printOutline(config));
  writeCompletely("stdout", `Ok, node configuration "${file}" looks good\n`);
  return ExitCode.clean;
}
