/**
 * Where the cookies are kept that were issued: in memory, or in a file that all workers share.
 *
 * The file has one line a cookie, `{"id":"…","expires":1700000000000}`, and is only appended to: a
 * line goes out in one write, so that workers need no lock. Whoever joined with a cookie is told by
 * a further line with `"login":"…"`, a text that is opaque here, or `"login":null` when that is
 * forgotten; the last line counts. The file holds what lets a browser be recognized, or join, and so
 * is readable by its owner alone.
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

const OWNER_ONLY = 0o600;

/** Knows cookies by their value, until they expire. Times are milliseconds since 1970. */
export interface CookieStore {
  has(id: string, now: number): boolean;
  add(id: string, expires: number): void;
  /** What was kept for a cookie; null: nothing, or the cookie is not known. */
  login(id: string, now: number): string | null;
  /** Keeps a text for a known cookie, or (null) none, as long as the cookie lasts. */
  setLogin(id: string, login: string | null, now: number): void;
}

/** One cookie; `login` is undefined where there has never been one. */
interface Cookie {
  expires: number;
  login?: string | null;
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
  readonly #cookies = new Map<string, Cookie>();

  has(id: string, now: number): boolean {
    return this.get(id, now) !== undefined;
  }

  add(id: string, expires: number): void {
    this.take(id, { expires });
  }

  login(id: string, now: number): string | null {
    return this.get(id, now)?.login ?? null;
  }

  setLogin(id: string, login: string | null, now: number): void {
    const cookie = this.get(id, now);
    if (cookie !== undefined) this.take(id, { ...cookie, login });
  }

  /** A cookie that has not expired. */
  get(id: string, now: number): Cookie | undefined {
    const cookie = this.#cookies.get(id);
    return cookie !== undefined && cookie.expires > now ? cookie : undefined;
  }

  take(id: string, cookie: Cookie): void {
    this.#cookies.set(id, cookie);
    if (this.#cookies.size <= MOST_COOKIES) return;
    for (const oldest of this.#cookies.keys()) {
      this.#cookies.delete(oldest);
      return;
    }
  }

  /** Those that have not expired, the oldest first. */
  entries(now: number): [id: string, cookie: Cookie][] {
    return [...this.#cookies].filter(([, { expires }]) => expires > now);
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

  constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
    try {
      const lines = this.#readOn();
      const kept = this.#known.entries(Date.now());
      if (lines > 2 * kept.length) this.#replace(kept);
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
    this.#append(id, { expires });
  }

  login(id: string, now: number): string | null {
    // Another worker may have been told, that the client logged out too: what is not read is not good.
    return this.#logFailure(() => this.#readOn()) ? this.#known.login(id, now) : null;
  }

  setLogin(id: string, login: string | null, now: number): void {
    this.#logFailure(() => this.#readOn());
    const cookie = this.#known.get(id, now);
    if (cookie === undefined || (cookie.login ?? null) === login) return;
    this.#known.setLogin(id, login, now);
    this.#append(id, { ...cookie, login });
  }

  #append(id: string, cookie: Cookie): void {
    const line = lineOf([id, cookie]);
    this.#logFailure(() => appendFileSync(this.#file, line, { mode: OWNER_ONLY }));
  }

  /** False when it failed. */
  #logFailure(body: () => void): boolean {
    try {
      body();
      return true;
    } catch (thrown) {
      this.#log.error("cookie file failed", { file: this.#file, error: sentenceOf(thrown) });
      return false;
    }
  }

  /** Reads what was appended since the last time; gives the number of its lines. */
  #readOn(): number {
    const stat = statSync(this.#file, { throwIfNoEntry: false });
    if (stat === undefined) return 0;
    if (stat.ino !== this.#inode) this.#readOctets = 0;
    this.#inode = stat.ino;
    const octets = Buffer.alloc(Math.max(0, stat.size - this.#readOctets));
    if (octets.length === 0) return 0;
    const descriptor = openSync(this.#file, "r");
    try {
      const count = readSync(descriptor, octets, 0, octets.length, this.#readOctets);
      // What follows the last line end is still being written.
      const whole = octets.subarray(0, octets.subarray(0, count).lastIndexOf(10) + 1);
      this.#readOctets += whole.length;
      const lines = whole.toString().split("\n").slice(0, -1);
      for (const line of lines) this.#take(line);
      return lines.length;
    } finally {
      closeSync(descriptor);
    }
  }

  #take(line: string): void {
    const cookie = parseLine(line);
    if (cookie !== null) this.#known.take(...cookie);
  }

  /** Puts a file without what has expired in the place of this one, at once. */
  #replace(kept: [id: string, cookie: Cookie][]): void {
    const made = `${this.#file}.${process.pid}`;
    writeFileSync(made, kept.map(lineOf).join(""), { mode: OWNER_ONLY });
    renameSync(made, this.#file);
    this.#inode = 0;
    this.#readOn();
  }
}

function lineOf([id, cookie]: [id: string, cookie: Cookie]): string {
  return `${JSON.stringify({ id, ...cookie })}\n`;
}

/** A line that is none, as after a full disk, is passed over. */
function parseLine(line: string): [id: string, cookie: Cookie] | null {
  try {
    const { id, expires, login } = JSON.parse(line);
    if (typeof id !== "string" || typeof expires !== "number") return null;
    return [id, { expires, ...(login === undefined ? {} : { login: asText(login) }) }];
  } catch {
    return null;
  }
}

function asText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
