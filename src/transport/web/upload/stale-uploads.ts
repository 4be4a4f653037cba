/**
 * StaleUploads: removes incomplete uploads of which no chunk has come for a day. All else in their folder stays.
 *
 * @module
 */

import { lstat, opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCodeOf } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import type { Logger } from "#observe/logger.ts";
import { PART_NAME } from "./part-file.ts";
import { UPLOAD_NAME } from "./upload-store.ts";

const STALE_MS = 24 * 3600 * 1000;

/** Time between two searches of a worker. */
const SEARCH_MS = 60_000;

/** Most entries of the folder that a search looks at, and most that it removes. */
const MAX_ENTRIES = 10_000;
const MAX_REMOVED = 1000;

/** The incomplete uploads of one path. */
export class StaleUploads {
  readonly #folder: string;
  readonly #log: Logger;
  #nextSearch = 0;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Searches, unless a search has begun lately. */
  async remove(): Promise<void> {
    const now = Date.now();
    if (now < this.#nextSearch) return;
    this.#nextSearch = now + SEARCH_MS;
    try {
      await this.#search(now - STALE_MS);
    } catch (thrown) {
      if (errorCodeOf(thrown) === "ENOENT") return;
      this.#log.warn("stale uploads not removed", { reason: fileStateOf(thrown) });
    }
  }

  async #search(before: number): Promise<void> {
    let [seen, removed] = [0, 0];
    for await (const { name } of await opendir(this.#folder)) {
      seen += 1;
      if (seen > MAX_ENTRIES || removed >= MAX_REMOVED) break;
      if (!PART_NAME.test(name) && !UPLOAD_NAME.test(name)) continue;
      const path = join(this.#folder, name);
      const entry = await lstat(path).catch(() => null);
      if (entry === null || entry.mtimeMs >= before) continue;
      await rm(path, { recursive: true, force: true });
      removed += 1;
    }
    if (removed > 0) this.#log.info("stale uploads removed", { count: removed });
  }
}
