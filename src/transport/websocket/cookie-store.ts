/**
 * Where the cookies are kept that were issued: in memory, or in a file that all workers share.
 *
 * The file has one line a cookie, `{"id":"…","expires":1700000000000}`, and is only appended to: a
 * line goes out in one write, so that workers need no lock. It holds what lets a browser be
 * recognized and so is readable by its owner alone.
 *
 * @module
 */

import {
  appendFileSync,
  closeSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { CookieConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";

/** The oldest is forgotten when there are more. */
const MOST_COOKIES = 100_000;

/** So many new cookies later, a worker looks how long the file has become. */
const COOKIES_BETWEEN_LOOKS = 1024;

const OWNER_ONLY = 0o600;

/** Knows cookies by their value, until they expire. Times are milliseconds since 1970. */
export interface CookieStore {
  has(id: string, now: number): boolean;
  add(id: string, expires: number): void;
}

/**
 * Opens the store of a cookie.
 *
 * @throws Failure when its file cannot be read or written.
 */
export function openCookieStore(config: CookieConfig["store"], log: Logger): CookieStore {
  return config.type === "memory"
    ? new MemoryCookieStore()
    : new FileCookieStore(config.filename, log);
}

/** Cookies of this worker. */
class MemoryCookieStore implements CookieStore {
  readonly #expires = new Map<string, number>();

  has(id: string, now: number): boolean {
    return (this.#expires.get(id) ?? 0) > now;
  }

  add(id: string, expires: number): void {
    this.#expires.set(id, expires);
    if (this.#expires.size <= MOST_COOKIES) return;
    for (const oldest of this.#expires.keys()) {
      this.#expires.delete(oldest);
      return;
    }
  }

  /** Those that have not expired, the oldest first. */
  entries(now: number): [id: string, expires: number][] {
    return [...this.#expires].filter(([, expires]) => expires > now);
  }
}

/**
 * Cookies of all workers of the node. A file that fails once it is open is logged: browsers are then
 * recognized by the worker that knows them, and everybody is let in all the same.
 */
class FileCookieStore implements CookieStore {
  readonly #file: string;
  readonly #log: Logger;
  readonly #known = new MemoryCookieStore();
  /** Which file was read, and how far: another worker may have put a shorter one in its place. */
  #inode = 0;
  #readOctets = 0;
  /** Lines that were read of this file, and cookies that were added since somebody looked. */
  #lines = 0;
  #added = 0;

  constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
    try {
      this.#readOn();
      const kept = this.#known.entries(Date.now());
      if (this.#lines > 2 * kept.length) this.#replace(kept);
    } catch (thrown) {
      throw new Failure(`Cannot keep cookies in "${file}": ${sentenceOf(thrown)}`, {
        source: "config",
        cause: thrown,
      });
    }
  }

  has(id: string, now: number): boolean {
    if (this.#known.has(id, now)) return true;
    // Another worker may have issued it.
    this.#logFailure(() => this.#readOn());
    return this.#known.has(id, now);
  }

  add(id: string, expires: number): void {
    this.#known.add(id, expires);
    const line = lineOf([id, expires]);
    this.#logFailure(() => {
      appendFileSync(this.#file, line, { mode: OWNER_ONLY });
      this.#added += 1;
      if (this.#added >= COOKIES_BETWEEN_LOOKS) this.#shorten();
    });
  }

  /** Clients that never send their cookie back get a new one each time: the file has an end, too. */
  #shorten(): void {
    this.#added = 0;
    this.#readOn();
    if (this.#lines > 2 * MOST_COOKIES) this.#replace(this.#known.entries(Date.now()));
  }

  #logFailure(body: () => void): void {
    try {
      body();
    } catch (thrown) {
      this.#log.error("cookie file failed", { file: this.#file, error: sentenceOf(thrown) });
    }
  }

  /** Reads what was appended since the last time. */
  #readOn(): void {
    const stat = statSync(this.#file, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.ino !== this.#inode) {
      this.#readOctets = 0;
      this.#lines = 0;
    }
    this.#inode = stat.ino;
    const octets = Buffer.alloc(Math.max(0, stat.size - this.#readOctets));
    if (octets.length === 0) return;
    const descriptor = openSync(this.#file, "r");
    try {
      const count = readSync(descriptor, octets, 0, octets.length, this.#readOctets);
      // What follows the last line end is still being written.
      const whole = octets.subarray(0, octets.subarray(0, count).lastIndexOf(10) + 1);
      this.#readOctets += whole.length;
      const lines = whole.toString().split("\n").slice(0, -1);
      for (const line of lines) this.#take(line);
      this.#lines += lines.length;
    } finally {
      closeSync(descriptor);
    }
  }

  #take(line: string): void {
    const cookie = parseLine(line);
    if (cookie !== null) this.#known.add(cookie.id, cookie.expires);
  }

  /** Puts a file without what has expired in the place of this one, at once. */
  #replace(kept: [id: string, expires: number][]): void {
    const made = `${this.#file}.${process.pid}`;
    writeFileSync(made, kept.map(lineOf).join(""), { mode: OWNER_ONLY });
    renameSync(made, this.#file);
    this.#inode = 0;
    this.#readOn();
  }
}

function lineOf([id, expires]: [id: string, expires: number]): string {
  return `${JSON.stringify({ id, expires })}\n`;
}

/** A line that is none, as after a full disk, is passed over. */
function parseLine(line: string): { id: string; expires: number } | null {
  try {
    const { id, expires } = JSON.parse(line);
    return typeof id === "string" && typeof expires === "number" ? { id, expires } : null;
  } catch {
    return null;
  }
}
