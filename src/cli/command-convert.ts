/**
 * `crossproxy convert`: writes a configuration in JSON as YAML, or one in YAML as JSON, into another file.
 *
 * @module
 */

import { extname } from "node:path";
import { convertConfigFile } from "#config/convert/convert-config-file.ts";
import { loadNodeConfig } from "#config/load.ts";
import { isYaml } from "#config/parse-config-file.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";
import { reportFaults, reportWarnings } from "./report-issues.ts";
import { type OutputChoice, writeConfigFile } from "./write-config-file.ts";

/** Which file is converted, and which one is written. */
export interface ConvertChoice extends ConfigFileChoice, OutputChoice {}

/**
 * Writes the other format beside the file, or where `output` says; gives the exit code. As in Crossbar, a file with
 * faults is not converted.
 *
 * @throws Failure when there is no such file, or the other one cannot be written.
 */
export async function convertCommand(choice: ConvertChoice): Promise<number> {
  const { file, folder } = requireConfigFile(choice);
  const { faults } = await loadNodeConfig(file, process.env, folder);
  if (faults.length > 0) {
    reportFaults(faults, file);
    return ExitCode.failed;
  }
  const conversion = convertConfigFile(file);
  if (conversion.kind === "faulty") {
    reportFaults(conversion.faults, file);
    return ExitCode.failed;
  }
  const extensions = isYaml(file) ? [".json"] : [".yaml", ".yml"];
  const output = choice.output ?? `${file.slice(0, -extname(file).length)}${extensions[0]}`;
  const { text, warnings } = conversion;
  writeConfigFile({ output, text, file, extensions, isForced: choice.force === true });
  reportWarnings(warnings);
  const format = isYaml(file) ? "JSON" : "YAML";
  writeCompletely("stdout", `Ok, "${output}" is "${file}" in ${format}\n`);
  return ExitCode.clean;
}
