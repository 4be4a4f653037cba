/**
 * `crossproxy keys`: prints the node's public key, which routers that trust its proxies need, or the private one.
 *
 * @module
 */

import { hostname } from "node:os";
import { resolve } from "node:path";
import { loadNodeConfig } from "#config/load.ts";
import { loadNodeKey } from "#node/node-key.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";

/** Which node's key is printed, and which half of it. */
export interface KeysChoice extends ConfigFileChoice {
  private?: boolean | undefined;
}

/**
 * Prints the 64 hex digits and nothing else, and makes the key if there is none; returns the exit code.
 * The configuration may have faults: it may still lack this key.
 *
 * @throws Failure when the files of the key cannot be used, or cannot be made.
 */
export async function keysCommand(choice: KeysChoice): Promise<number> {
  const { file, folder } = requireConfigFile(choice);
  const { config } = await loadNodeConfig(file, process.env, folder);
  const nodeId = config?.controller.id ?? hostname();
  const { key, warnings } = loadNodeKey(resolve(folder), nodeId);
  for (const warning of warnings) writeCompletely("stderr", `warning: ${warning}\n`);
  writeCompletely("stdout", `${choice.private ? key.privateKey : key.publicKey}\n`);
  return ExitCode.clean;
}
