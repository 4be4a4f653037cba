/**
 * Folders that node.json names.
 *
 * @module
 */

import { statSync } from "node:fs";
import { errorCodeOf } from "./failure.ts";

/** Whether there is such a folder, as far as this user can see; the system refuses some names altogether. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Whether a name is longer than the system allows, so that there can be no such file. */
export function isNameTooLong(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (thrown) {
    return errorCodeOf(thrown) === "ENAMETOOLONG";
  }
}
