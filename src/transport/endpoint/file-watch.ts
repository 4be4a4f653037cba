/**
 * watchFiles: notices changed files by polling, which also works through links and renamed folders.
 *
 * @module
 */

import { statSync } from "node:fs";

/** How often files are checked. */
export const WATCH_INTERVAL_MS = 10_000;

/** Calls `onChange` when any of the files has changed; gives a function that stops. Keeps no process alive. */
export function watchFiles(
  files: readonly string[],
  onChange: () => void,
  intervalMs: number = WATCH_INTERVAL_MS,
): () => void {
  let known = files.map(stateOf).join();
  const timer = setInterval(() => {
    // Taken before the files are read, so that a change during the reading is noticed next time.
    const current = files.map(stateOf).join();
    if (current === known) return;
    known = current;
    onChange();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return "unreadable";
  }
}
