/**
 * `crossproxy check`: reports every fault of a configuration at once, or that there is none.
 *
 * @module
 */

import type { NodeConfig } from "#config/node/node-config.ts";
import { needsNodeKey } from "#node/node-controller.ts";
import { checkNodeKey } from "#node/node-key.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { checkConfigFile } from "./check-config-file.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";
import { printOutline } from "./node-outline.ts";
import { reportFaults, reportWarnings } from "./report-issues.ts";

/** Which file is checked. */
export interface CheckChoice extends ConfigFileChoice {
  /** Whether it is also printed what it makes. */
  verbose?: boolean | undefined;
  /** Whether the servers of clusters are tried. */
  connect?: boolean | undefined;
}

/**
 * Checks the configuration and prints the result; returns the exit code.
 *
 * @throws Failure when a connection needs the node's key, and its files cannot be used.
 */
export async function checkCommand(choice: CheckChoice): Promise<number> {
  const chosen = requireConfigFile(choice);
  const { config, faults, warnings, engines } = await checkConfigFile(chosen);
  reportWarnings(warnings);
  if (config === null) {
    reportFaults(faults, chosen.file);
    return ExitCode.failed;
  }
  if (config.workers.some(needsNodeKey)) checkNodeKey(config.folder);
  writeCompletely("stdout", engines.map((line) => `${line}\n`).join(""));
  if (choice.verbose) writeCompletely("stdout", printOutline(config));
  if (choice.connect && !(await connectsClusters(config))) return ExitCode.failed;
  writeCompletely("stdout", `Ok, node configuration "${chosen.file}" looks good\n`);
  return ExitCode.clean;
}

/** Whether the clusters of all realms let a worker in; what keeps one out is printed. */
async function connectsClusters({ workers }: NodeConfig): Promise<boolean> {
  const { tryClusters } = await import("#worker/cluster-trial.ts");
  const realms = workers.flatMap((worker) => (worker.type === "router" ? worker.realms : []));
  const faults = await tryClusters(realms);
  writeCompletely("stderr", faults.map((fault) => `${fault}\n`).join(""));
  return faults.length === 0;
}
