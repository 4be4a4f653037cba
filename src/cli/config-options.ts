/**
 * The arguments with which a command names a configuration, or the folder of a node.
 *
 * @module
 */

import type { Command } from "commander";

/** Adds them to a command. */
export function addConfigOptions(command: Command): Command {
  return command
    .argument("[file]", "node configuration")
    .option("--config <file>", "node configuration, named as Crossbar names it")
    .option("--cbdir <folder>", "folder in which the configuration lies");
}
