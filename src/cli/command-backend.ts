/**
 * `crossproxy backend`: has a running node mark a router down, or up again, and says what came of it.
 *
 * @module
 */

import { askNode } from "#node/command-socket.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, chooseNodeFolder } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";

/** Which node is meant, and which of the routers behind the connection. */
export interface BackendChoice extends ConfigFileChoice {
  address?: string | undefined;
}

/**
 * Asks the node, and prints its answer; returns the exit code.
 *
 * @throws Failure when no node runs there.
 */
export async function backendCommand(
  connection: string,
  state: "down" | "up",
  choice: BackendChoice,
): Promise<number> {
  const { isDone, text } = await askNode(chooseNodeFolder(choice), {
    command: "backend",
    connection,
    address: choice.address ?? null,
    isDown: state === "down",
  });
  writeCompletely(isDone ? "stdout" : "stderr", `${text}\n`);
  return isDone ? ExitCode.clean : ExitCode.failed;
}
