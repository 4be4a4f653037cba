/**
 * Folders that node.json names.
 *
 * @module
 */

import { statSync } from "node:fs";

/** Whether there is such a folder, as far as this user can see; the system refuses some names altogether. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
