/**
 * `crossproxy upgrade`: writes a configuration of version 1 as version 2, into another file.
 *
 * @module
 */

import { existsSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { errorCodeOf, Failure } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import { isYaml } from "#config/parse-config-file.ts";
import { upgradeConfigFile } from "#config/upgrade/upgrade-config-file.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";
import { reportFaults, reportWarnings } from "./report-issues.ts";

/** Which file is upgraded, and which one is written. */
export interface UpgradeChoice extends ConfigFileChoice {
  output?: string | undefined;
  /** Whether a file that is there may be replaced. */
  force?: boolean | undefined;
}

/**
 * Writes version 2 beside the file, or where `output` says; gives the exit code.
 *
 * @throws Failure when there is no such file, or the other one cannot be written.
 */
export async function upgradeCommand(choice: UpgradeChoice): Promise<number> {
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
  requireOutput(output, file);
  write(output, upgrade.text, file, choice.force === true);
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

function requireOutput(output: string, file: string): void {
  const refuse = (state: string) => {
    throw new Failure(`Cannot write "${output}": ${state}`, { source: "config" });
  };
  if (existsSync(output) && realpathSync(output) === realpathSync(file)) {
    refuse("it is the file that is to be upgraded");
  }
  const extensions = isYaml(file) ? [".yaml", ".yml"] : [".json"];
  if (!extensions.includes(extname(output).toLowerCase())) {
    refuse(`its name has to end in ${extensions.join(" or ")}, as the text stays what it is`);
  }
}

/** With the mode of the file that is upgraded, as there may be secrets in it. */
function write(output: string, text: string, file: string, isForced: boolean): void {
  const mode = statSync(file).mode & 0o777;
  try {
    writeFileSync(output, text, { flag: isForced ? "w" : "wx", mode });
  } catch (thrown) {
    throw new Failure(`Cannot write "${output}": ${stateOf(thrown)}`, { source: "config" });
  }
}

function stateOf(thrown: unknown): string {
  const code = errorCodeOf(thrown);
  if (code === "EEXIST") return "there is such a file; --force replaces it";
  return code === "ENOENT" || code === "ENOTDIR" ? "no such folder" : fileStateOf(thrown);
}
