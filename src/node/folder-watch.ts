/**
 * FolderWatch: reports changes of the files in folders, at any depth.
 *
 * The folders are scanned, and names, sizes, times of modification and inodes compared: unlike events of
 * the system, this needs no descriptor for each folder, works on network mounts, and does not report a file
 * that is only read. Names that begin with a dot, and `__pycache__`, are left out: tools and Python itself
 * write there.
 *
 * @module
 */

import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Longest and shortest time between two scans. */
const LONGEST_INTERVAL_MS = 1_000;
const SHORTEST_INTERVAL_MS = 50;

/** More files and folders are not watched, so that a scan stays short. */
const MAX_FILES = 20_000;

/** What is watched. */
export interface FolderWatchOptions {
  folders: readonly string[];
  /** Time without a further change before a change is reported. */
  quietMs: number;
  /** Takes the name of a file or folder that was added, changed or removed. */
  onChange: (path: string) => void;
  /** Takes, once, how many files and folders are watched when there are more of them. */
  onTooMany: (watched: number) => void;
  /** Most files and folders; 20,000 by default. */
  maxFiles?: number;
}

/** State of each file by its name. */
type Snapshot = Map<string, string>;

/** Watches folders until `stop`. */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #intervalMs: number;
  readonly #maxFiles: number;
  #last: Snapshot | null = null;
  #changed: { path: string; at: number } | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #hasTooMany = false;
  #isStopped = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#maxFiles = options.maxFiles ?? MAX_FILES;
    this.#intervalMs = Math.max(
      SHORTEST_INTERVAL_MS,
      Math.min(LONGEST_INTERVAL_MS, options.quietMs / 2),
    );
    void this.#scan();
  }

  /** Ends the watch; nothing is reported any more. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #scan(): Promise<void> {
    const snapshot = await snapshotOf(this.#options.folders, this.#maxFiles);
    if (this.#isStopped) return;
    if (snapshot.size > this.#maxFiles) this.#leaveOutTheRest(snapshot);
    const path = this.#last && differenceOf(this.#last, snapshot);
    this.#last = snapshot;
    const now = performance.now();
    if (path) {
      this.#changed = { path, at: now };
    } else if (this.#changed && now - this.#changed.at >= this.#options.quietMs) {
      const changed = this.#changed.path;
      this.#changed = null;
      this.#options.onChange(changed);
    }
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#scan(), this.#intervalMs);
  }

  #leaveOutTheRest(snapshot: Snapshot): void {
    const last = [...snapshot.keys()].at(-1);
    if (last !== undefined) snapshot.delete(last);
    if (this.#hasTooMany) return;
    this.#hasTooMany = true;
    this.#options.onTooMany(this.#maxFiles);
  }
}

/** The files and folders, and at most one more than `maxFiles` of them. */
async function snapshotOf(folders: readonly string[], maxFiles: number): Promise<Snapshot> {
  const snapshot: Snapshot = new Map();
  const waiting = [...folders];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of await entriesOf(folder)) {
      if (entry.name.startsWith(".") || entry.name === "__pycache__") continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      if (snapshot.size > maxFiles) return snapshot;
      snapshot.set(path, entry.isDirectory() ? "folder" : await stateOf(path));
    }
  }
  return snapshot;
}

/** A folder that is missing has no entries; it may come later. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

async function stateOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await lstat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "gone";
  }
}

/** The name of one file that differs; undefined: none does. */
function differenceOf(before: Snapshot, after: Snapshot): string | undefined {
  for (const [path, state] of after) if (before.get(path) !== state) return path;
  for (const path of before.keys()) if (!after.has(path)) return path;
  return undefined;
}
