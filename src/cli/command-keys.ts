/**
 * `crossproxy keys`: the node's public key, for the routers that are to trust its proxies.
 *
 * @module
 */

import { loadNodeConfig } from "#config/load.ts";
import { loadNodeKey } from "#node/node-key.ts";
import { writeOutput } from "#observe/write-output.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";
import { reportFaults } from "./report-issues.ts";

/**
 * Prints the 64 hex digits and nothing else, and makes the key when there is none; gives the exit code.
 *
 * @throws Failure when the files of the key cannot be used or made.
 */
export async function keysCommand(choice: ConfigFileChoice): Promise<number> {
  const file = requireConfigFile(choice);
  const { config, faults } = await loadNodeConfig(file);
  if (config === null || faults.length > 0) {
    reportFaults(faults, file);
    return ExitCode.config;
  }
  const { key, warnings } = loadNodeKey(config.folder, config.controller.id);
  for (const warning of warnings) writeOutput("stderr", `warning: ${warning}\n`);
  writeOutput("stdout", `${key.publicKey}\n`);
  return ExitCode.clean;
}
