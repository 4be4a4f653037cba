/**
 * The files below a folder that are shown: no private key of a node, and no dotfiles except for the folder
 * `.well-known` (RFC 8615).
 *
 * @module
 */

import { realpathSync, type Stats, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { isOutOfDescriptors } from "#transport/endpoint/descriptors.ts";

/** The file that most often answers for a folder. */
export const FIRST_INDEX = "index.html";

const INDEX_NAMES = [FIRST_INDEX, "index.htm", "index"];

/** Time after which a further change of a file shows in its state, whatever the clock of its file system counts. */
const SETTLED_MS = 2000;

/** A file or a folder that is shown. */
export interface Located {
  /** Below the folder, as it was asked for; its last component, which may be a link, decides the media type. */
  path: string;
  /** The real file name, links resolved. */
  file: string;
  stats: Stats;
  /** False: it has changed just now. What is read of it then is not kept, because a change may not show. */
  isSettled: boolean;
}

/** Finds the file of a decoded path below a folder; undefined when there is none, or it may not be shown. */
export function locate(folder: string, path: string): Located | undefined {
  if (path !== "" && !isShownPath(path.split("/"))) return undefined;
  try {
    // Each time, because the folder may be a link that leads elsewhere by now.
    const root = realpathSync(folder);
    const file = realpathSync(join(root, path));
    // A link may lead anywhere, so its target is checked as well.
    const below = relative(root, file);
    if (below !== "" && !isShownPath(below.split(sep))) return undefined;
    const stats = statSync(file);
    return { path, file, stats, isSettled: Date.now() - stats.ctimeMs >= SETTLED_MS };
  } catch (thrown) {
    if (isOutOfDescriptors(thrown)) throw thrown;
    // Missing, unreadable, or below a file: all the same to a client.
    return undefined;
  }
}

/** Whether all components of a path are shown; the first may be the folder of well-known addresses. */
function isShownPath([first = "", ...more]: string[]): boolean {
  return (first === ".well-known" || isShownName(first)) && more.every(isShownName);
}

/** False for dotfiles, and so for `..`, and for the private key of a node. */
export function isShownName(name: string): boolean {
  // Some file systems ignore case.
  return name !== "" && !name.startsWith(".") && name.toLowerCase() !== "key.priv";
}

/** The file that answers for a folder at a path below another one. */
export function findIndex(folder: string, path: string): Located | undefined {
  for (const name of INDEX_NAMES) {
    const index = locate(folder, join(path, name));
    if (index?.stats.isFile()) return index;
  }
  return undefined;
}
