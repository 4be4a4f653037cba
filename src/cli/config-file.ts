/**
 * Chooses the configuration file of a command.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

import { Failure } from "#base/failure.ts";
import { findConfigFile } from "#config/find-config-file.ts";

/** The arguments that name the file. */
export interface ConfigFileChoice {
  file?: string | undefined;
  config?: string | undefined;
  cbdir?: string | undefined;
}

/** The names that `findConfigFile` looks for, for use in a sentence. */
export const DEFAULT_FILES = "config.yaml, config.json or node.json, there or in .crossbar";

/**
 * The file that the arguments name, as typed, or the one found in the folder; null: there is neither.
 *
 * A named file is looked for in `--cbdir` first, as in Crossbar, then in the current folder.
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
 * The same for a command that needs a file.
 *
 * @throws Failure when no file is named and none is found, or the named file does not exist.
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
