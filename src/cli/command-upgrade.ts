/**
 * `crossproxy upgrade`: replaces the program of the node that runs in a folder by the one that runs this command. Where
 * none runs, or an output is named, it writes a configuration of version 1 as version 2, into another file.
 *
 * @module
 */

import { extname } from "node:path";
import { isYaml } from "#config/parse-config-file.ts";
import { upgradeConfigFile } from "#config/upgrade/upgrade-config-file.ts";
import { askNode } from "#node/command-socket.ts";
import { runningNode } from "#node/node-pid.ts";
import { ownCommand } from "#node/self-exec.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, chooseNodeFolder, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";
import { reportFaults, reportWarnings } from "./report-issues.ts";
import { type OutputChoice, writeConfigFile } from "./write-config-file.ts";

/** Which node or file is upgraded, and which file is written. */
export interface UpgradeChoice extends ConfigFileChoice, OutputChoice {}

/**
 * Upgrades the program of the node, or the file; gives the exit code.
 *
 * @throws Failure when the node does not answer, there is no such file, or the other one cannot be written.
 */
export async function upgradeCommand(choice: UpgradeChoice): Promise<number> {
  const folder = chooseNodeFolder(choice);
  const isOfNode = choice.output === undefined && runningNode(folder) !== null;
  return isOfNode ? upgradeNode(folder, choice.force === true) : upgradeFile(choice);
}

async function upgradeNode(folder: string, isForced: boolean): Promise<number> {
  const program = ownCommand();
  const { isDone, text } = await askNode(folder, { command: "upgrade", program, isForced });
  writeCompletely(isDone ? "stdout" : "stderr", `${text}\n`);
  return isDone ? ExitCode.clean : ExitCode.failed;
}

/** Writes version 2 beside the file, or where `output` says. */
async function upgradeFile(choice: UpgradeChoice): Promise<number> {
  const { file } = requireConfigFile(choice);
  const upgrade = await upgradeConfigFile(file);
  if (upgrade.kind === "faulty") {
    reportFaults(upgrade.faults, file);
    return ExitCode.failed;
  }
  if (upgrade.kind === "unchanged") {
    writeCompletely("stdout", `Nothing to do: "${file}" is of version 2 already\n`);
    return ExitCode.clean;
  }
  const output = choice.output ?? outputBeside(file);
  const extensions = isYaml(file) ? [".yaml", ".yml"] : [".json"];
  writeConfigFile({
    output,
    text: upgrade.text,
    file,
    extensions,
    isForced: choice.force === true,
  });
  reportWarnings(upgrade.warnings);
  writeCompletely(
    "stdout",
    `Ok, "${output}" is "${file}" in version 2; to see whether it has faults: crossproxy check ${output}\n`,
  );
  return ExitCode.clean;
}

/** `config.json` becomes `config.v2.json`. */
function outputBeside(file: string): string {
  const extension = extname(file);
  return `${file.slice(0, -extension.length)}.v2${extension}`;
}
