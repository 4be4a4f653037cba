/**
 * Finds the configuration file of a folder, as Crossbar does.
 *
 * @module
 */

import { join } from "node:path";
import { isReadableFile } from "#base/file-access.ts";

/** Names of a configuration file, in the order in which they are tried. */
const FILE_NAMES = ["config.yaml", "config.json", "node.json"];

/**
 * The configuration file of a node's folder, or null: in the folder's `.crossbar`, else in the folder
 * itself.
 */
export function findConfigFile(folder: string): string | null {
  return (
    [join(folder, ".crossbar"), folder]
      .flatMap((where) => FILE_NAMES.map((name) => join(where, name)))
      .find(isReadableFile) ?? null
  );
}
