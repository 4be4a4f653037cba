/**
 * `crossproxy status`: says whether a node runs in a folder, in the words of Crossbar.
 *
 * @module
 */

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
export function statusCommand(choice: StatusChoice): number {
  const state = runningNode(chooseNodeFolder(choice)) === null ? "stopped" : "running";
  const { assert } = choice;
  const printed = state.toUpperCase();
  if (assert === undefined) {
    writeCompletely("stdout", `Status is ${printed}\n`);
    return ExitCode.clean;
  }
  const hasFailed = assert !== state;
  writeCompletely(
    hasFailed ? "stderr" : "stdout",
    `Assert status ${assert.toUpperCase()} ${hasFailed ? "failed" : "succeeded"}: status is ${printed}\n`,
  );
  return hasFailed ? ExitCode.unavailable : ExitCode.clean;
}
