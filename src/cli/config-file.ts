/**
 * Which configuration file a command is about.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { Failure } from "#base/failure.ts";
import { findConfigFile } from "#config/load.ts";

/** The ways in which a person may name the file. */
export interface ConfigFileChoice {
  file?: string | undefined;
  config?: string | undefined;
  cbdir?: string | undefined;
}

/** The names that `findConfigFile` looks for, as a sentence shows them. */
export const DEFAULT_FILES = ".crossbar/config.json, config.yaml or node.json";

/**
 * The file that was named, or the one that lies in the folder; undefined when there is neither.
 *
 * `--config` is looked for in `--cbdir` first, as Crossbar does, then in the present folder.
 */
export async function chooseConfigFile(choice: ConfigFileChoice): Promise<string | undefined> {
  const named = choice.file ?? choice.config;
  if (named === undefined) return (await findConfigFile(choice.cbdir ?? ".")) ?? undefined;
  if (choice.cbdir === undefined) return resolve(named);
  const inFolder = resolve(choice.cbdir, named);
  return existsSync(inFolder) ? inFolder : resolve(named);
}

/**
 * The same for a command that cannot do without.
 *
 * @throws Failure when no file is named and none is found.
 */
export async function requireConfigFile(choice: ConfigFileChoice): Promise<string> {
  const file = await chooseConfigFile(choice);
  if (file !== undefined) return file;
  const folder = resolve(choice.cbdir ?? ".");
  throw new Failure(`Cannot find a configuration in "${folder}": no ${DEFAULT_FILES}`, {
    source: "config",
  });
}
