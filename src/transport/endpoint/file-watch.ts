/**
 * Watching files for changes by looking at them, which sees through links and renamed folders.
 *
 * @module
 */

import { statSync } from "node:fs";

/** How often files are looked at. */
export const WATCH_INTERVAL_MS = 10_000;

/** Calls `changed` whenever any of the files has; gives what ends that. Keeps no process alive. */
export function watchFiles(
  files: readonly string[],
  changed: () => void,
  intervalMs: number = WATCH_INTERVAL_MS,
): () => void {
  let seen = files.map(stateOf).join();
  const timer = setInterval(() => {
    // Looked at before anybody reads, so that what changes meanwhile is a change again.
    const now = files.map(stateOf).join();
    if (now === seen) return;
    seen = now;
    changed();
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
