/**
 * Which configuration file a command is about.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

import { Failure } from "#base/failure.ts";
import { findConfigFile } from "#config/load.ts";

/** The ways in which a person may name the file. */
export interface ConfigFileChoice {
  file?: string | undefined;
  config?: string | undefined;
  cbdir?: string | undefined;
}

/** The names that `findConfigFile` looks for, as a sentence shows them. */
export const DEFAULT_FILES = "config.yaml, config.json or node.json, there or in .crossbar";

/**
 * The file that was named, as it was typed, or the one that lies in the folder; null when there is
 * neither.
 *
 * `--config` is looked for in `--cbdir` first, as Crossbar does, then in the present folder.
 */
export function chooseConfigFile(choice: ConfigFileChoice): string | null {
  if (choice.file !== undefined && choice.config !== undefined) {
    throw new Failure("Cannot choose a configuration: a file and --config are both given", {
      source: "config",
    });
  }
  const named = choice.file ?? choice.config;
  if (named === undefined) {
    return findConfigFile(choice.cbdir);
  }
  if (choice.cbdir === undefined || isAbsolute(named)) return named;
  const inFolder = join(choice.cbdir, named);
  return existsSync(inFolder) ? inFolder : named;
}

/**
 * The same for a command that cannot do without.
 *
 * @throws Failure when no file is named and none is found, or the named one is not there.
 */
export function requireConfigFile(choice: ConfigFileChoice): string {
  const file = chooseConfigFile(choice);
  if (file === null) {
    const folder = resolve(choice.cbdir ?? ".");
    throw new Failure(`Cannot find a configuration in "${folder}": no ${DEFAULT_FILES}`, {
      source: "config",
    });
  }
  if (!existsSync(file)) {
    throw new Failure(`Cannot read "${file}": no such file`, { source: "config" });
  }
  return file;
}
