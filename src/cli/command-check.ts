/**
 * `crossproxy check`: reports every fault of a configuration at once, or that there is none.
 *
 * @module
 */

import { needsNodeKey } from "#node/node-controller.ts";
import { checkNodeKey } from "#node/node-key.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { checkConfigFile } from "./check-config-file.ts";
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
  const chosen = requireConfigFile(choice);
  const { config, faults, warnings, engines } = await checkConfigFile(chosen);
  reportWarnings(warnings);
  if (config === null) {
    reportFaults(faults, chosen.file);
    return ExitCode.failed;
  }
  if (config.workers.some(needsNodeKey)) checkNodeKey(config.folder);
  writeCompletely("stdout", engines.map((line) => `${line}\n`).join(""));
  if (choice.verbose) writeCompletely("stdout", printOutline(config));
  writeCompletely("stdout", `Ok, node configuration "${chosen.file}" looks good\n`);
  return ExitCode.clean;
}
