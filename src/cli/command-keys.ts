/**
 * `crossproxy keys`: the node's public key, for the routers that are to trust its proxies.
 *
 * @module
 */

import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { loadNodeConfig } from "#config/load.ts";
import { loadNodeKey } from "#node/node-key.ts";
import { writeOutput } from "#observe/write-output.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";

/**
 * Prints the 64 hex digits and nothing else, and makes the key when there is none; gives the exit code.
 * The configuration may have faults: it may be waiting for this very key.
 *
 * @throws Failure when the files of the key cannot be used or made.
 */
export async function keysCommand(choice: ConfigFileChoice): Promise<number> {
  const file = requireConfigFile(choice);
  const { config } = await loadNodeConfig(file);
  const nodeId = config?.controller.id ?? hostname();
  const { key, warnings } = loadNodeKey(dirname(resolve(file)), nodeId);
  for (const warning of warnings) writeOutput("stderr", `warning: ${warning}\n`);
  writeOutput("stdout", `${key.publicKey}\n`);
  return ExitCode.clean;
}
