/**
 * `crossproxy status`: says whether a node runs in a folder, in the words of Crossbar, and which of its backends are
 * marked down.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { askNode, takesCommands } from "#node/command-socket.ts";
import { runningNode } from "#node/node-pid.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, chooseNodeFolder } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";

/** Which node is meant. */
export interface StatusChoice extends ConfigFileChoice {
  /** The state that it has to have. */
  assert?: "running" | "stopped" | undefined;
}

/** Prints the state; returns the exit code, which is another one where it is not the asserted state. */
export async function statusCommand(choice: StatusChoice): Promise<number> {
  const folder = chooseNodeFolder(choice);
  const answers = await takesCommands(folder);
  const state = answers || runningNode(folder) !== null ? "running" : "stopped";
  const { assert } = choice;
  const printed = state.toUpperCase();
  if (assert === undefined) {
    writeCompletely("stdout", `Status is ${printed}\n`);
    if (answers) await showMarks(folder);
    return ExitCode.clean;
  }
  const hasFailed = assert !== state;
  writeCompletely(
    hasFailed ? "stderr" : "stdout",
    `Assert status ${assert.toUpperCase()} ${hasFailed ? "failed" : "succeeded"}: status is ${printed}\n`,
  );
  return hasFailed ? ExitCode.unavailable : ExitCode.clean;
}

/** A line for each mark, or why the node does not tell. */
async function showMarks(folder: string): Promise<void> {
  try {
    const { text } = await askNode(folder, { command: "status" });
    if (text !== "") writeCompletely("stdout", `${text}\n`);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    writeCompletely("stderr", `${thrown.message}\n`);
  }
}
