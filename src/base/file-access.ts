/**
 * Whether a file is there that this process may use.
 *
 * @module
 */

import { accessSync, constants, statSync } from "node:fs";

/** Whether this is a file, not a folder, that can be read. */
export function isReadableFile(path: string): boolean {
  return isFileFor(path, constants.R_OK);
}

/** Whether this is a file, not a folder, that can be run. */
export function isExecutableFile(path: string): boolean {
  return isFileFor(path, constants.X_OK);
}

function isFileFor(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
