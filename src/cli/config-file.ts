/**
 * Chooses the configuration file of a command, and the folder of the node.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";

import { Failure } from "#base/failure.ts";
import { isReadableFile } from "#base/file-access.ts";
import { isFolder } from "#base/folder-state.ts";
import { findConfigFile } from "#config/find-config-file.ts";

/** The arguments that name the file. */
export interface ConfigFileChoice {
  file?: string | undefined;
  config?: string | undefined;
  cbdir?: string | undefined;
}

/** A configuration file, and the node's folder, to which the names of files in it are relative. */
export interface ConfigFile {
  /** As typed, or as found. */
  file: string;
  folder: string;
}

/** The names that `findConfigFile` looks for, for use in a sentence. */
export const DEFAULT_FILES =
  "config.yaml, config.json or node.json that can be read, there or in .crossbar";

type Environment = Record<string, string | undefined>;

/**
 * The file that the arguments name, or the one found in the node's folder; null: there is neither.
 *
 * As in Crossbar, the node's folder is `--cbdir`, else `$CROSSBAR_DIR`, else `.crossbar` if there is one, else
 * the working directory, `present`; a file that `--config` names is looked for there. A file that is not there
 * is one of the working directory, and its own folder the node's, unless `--cbdir` or `$CROSSBAR_DIR` names one.
 */
export function chooseConfigFile(
  choice: ConfigFileChoice,
  env: Environment = process.env,
  present = ".",
): ConfigFile | null {
  const { file, config, cbdir } = choice;
  if (file !== undefined && config !== undefined) {
    throw new Failure("Cannot choose a configuration: a file and --config are both given", {
      source: "config",
    });
  }
  // A file without an option is this program's own way to name it, and a path like any other.
  if (file !== undefined) return locate(file, folderOf(cbdir), present);
  const folder = nodeFolder(choice, env);
  if (config !== undefined) return locate(config, folder, present, usualFolder(present));
  const found = findConfigFile(folder ?? ".");
  return found === null ? null : { file: found, folder: dirname(found) };
}

/** The file of this name; `folder` is the node's if it is named, `usual` where it is not. */
function locate(
  name: string,
  folder: string | undefined,
  present: string,
  usual?: string,
): ConfigFile {
  const where = folder ?? usual;
  const inFolder = isAbsolute(name) || where === undefined ? name : join(where, name);
  if (where !== undefined && existsSync(resolve(present, inFolder))) {
    return { file: inFolder, folder: where };
  }
  return { file: name, folder: folder ?? dirname(name) };
}

/**
 * The absolute path of the folder of a node that runs, or does not: what `start` with these arguments takes for it,
 * whether or not there is a configuration.
 */
export function chooseNodeFolder(choice: ConfigFileChoice, env: Environment = process.env): string {
  const folder = chooseConfigFile(choice, env)?.folder ?? nodeFolder(choice, env);
  return resolve(folder ?? usualFolder("."));
}

/** The folder that is named. Where a file is named, its folder is meant. */
function nodeFolder({ cbdir }: ConfigFileChoice, env: Environment): string | undefined {
  return folderOf(cbdir) ?? folderOf(env["CROSSBAR_DIR"]);
}

function folderOf(name: string | undefined): string | undefined {
  if (name === undefined || name === "") return undefined;
  return isReadableFile(name) ? dirname(name) : name;
}

function usualFolder(present: string): string {
  return isFolder(resolve(present, ".crossbar")) ? ".crossbar" : ".";
}

/**
 * The same for a command that needs a file.
 *
 * @throws Failure when no file is named and none is found, or the named file does not exist.
 */
export function requireConfigFile(
  choice: ConfigFileChoice,
  env: Environment = process.env,
): ConfigFile {
  const chosen = chooseConfigFile(choice, env);
  if (chosen === null) {
    const folder = resolve(nodeFolder(choice, env) ?? ".");
    throw new Failure(`Cannot find a configuration in "${folder}": no ${DEFAULT_FILES}`, {
      source: "config",
    });
  }
  if (!existsSync(chosen.file)) {
    throw new Failure(`Cannot read "${chosen.file}": no such file`, { source: "config" });
  }
  return chosen;
}
