/**
 * `crossproxy reload`: has a running node take its configuration file again, and says what came of it.
 *
 * @module
 */

import { resolve } from "node:path";
import { askNode } from "#node/command-socket.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";

/** The arguments of the command. */
export interface ReloadChoice extends ConfigFileChoice {
  force?: true;
}

/**
 * Asks the node, whose folder is that of the file, and prints its answer; returns the exit code.
 *
 * @throws Failure when no node runs there.
 */
export async function reloadCommand(choice: ReloadChoice): Promise<number> {
  const { folder } = requireConfigFile(choice);
  const isForced = choice.force === true;
  const { isDone, text } = await askNode(resolve(folder), { command: "reload", isForced });
  writeCompletely(isDone ? "stdout" : "stderr", `${text}\n`);
  return isDone ? ExitCode.clean : ExitCode.failed;
}
