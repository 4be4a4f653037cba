/** Folders that are there until the last test of the run has ended. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const folders = new Set<string>();

/** Makes a folder with these files (text or octets by name); values that are objects become JSON. */
export function temporaryFolder(files: Record<string, unknown> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "crossproxy-"));
  folders.add(folder);
  for (const [name, content] of Object.entries(files)) {
    const isRaw = typeof content === "string" || content instanceof Uint8Array;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), isRaw ? content : JSON.stringify(content, null, 2));
  }
  return folder;
}

/** Removes one before that. */
export function removeTemporaryFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** Removes them all; `preload.ts` calls it when the run is over. */
export function removeTemporaryFolders(): void {
  for (const folder of folders) removeTemporaryFolder(folder);
}
