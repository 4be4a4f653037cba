/**
 * The folder of Bun's virtual file system in which the executable has its modules.
 *
 * @module
 */

/** The folder that this folder of a module lies in, or is; undefined: the program runs from its sources. */
export function embeddedFolderOf(folder: string): string | undefined {
  return /^(?:\/\$bunfs|[A-Z]:[\\/]~BUN)[\\/]root/.exec(folder)?.[0];
}

/** That of this program; undefined: it runs from its sources. */
export const EMBEDDED_FOLDER = embeddedFolderOf(import.meta.dir);
