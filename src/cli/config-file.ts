/**
 * Chooses the configuration file of a command.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";

import { Failure } from "#base/failure.ts";
import { isReadableFile } from "#base/file-access.ts";
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
 * As in Crossbar, a file that `--config` names is looked for in the node's folder: `--cbdir`, else
 * `$CROSSBAR_DIR`, else `.crossbar`; then in the working directory, `present`. Where `--cbdir` is a file, its
 * folder is meant.
 */
export function chooseConfigFile(
  choice: ConfigFileChoice,
  env: Record<string, string | undefined> = process.env,
  present = ".",
): string | null {
  if (choice.file !== undefined && choice.config !== undefined) {
    throw new Failure("Cannot choose a configuration: a file and --config are both given", {
      source: "config",
    });
  }
  const named = choice.file ?? choice.config;
  const cbdir = folderOf(choice.cbdir);
  if (named === undefined) return findConfigFile(cbdir);
  // A file without an option is this program's own way to name it, and a path like any other.
  const usual = choice.file === undefined ? (env["CROSSBAR_DIR"] ?? ".crossbar") : undefined;
  const folder = cbdir ?? usual;
  if (folder === undefined || isAbsolute(named)) return named;
  const inFolder = join(folder, named);
  return existsSync(resolve(present, inFolder)) ? inFolder : named;
}

function folderOf(cbdir: string | undefined): string | undefined {
  return cbdir !== undefined && isReadableFile(cbdir) ? dirname(cbdir) : cbdir;
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
