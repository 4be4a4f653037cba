/**
 * Where the cookies are kept that were issued: in memory, or in a file that all workers share.
 *
 * The file has one line a cookie, `{"id":"…","expires":1700000000000}`, and is only appended to: a
 * line goes out in one write, so that workers need no lock. Whoever joined with a cookie is told by
 * a further line with `"login":"…"`, a text that is opaque here, or `"login":null` when that is
 * forgotten; the last line counts. The file holds what lets a browser be recognized, or join, and so
 * is readable by its owner alone: one that others may read is taken from them, and one of another user
 * is not used, for whoever wrote it could join as anyone.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { CookieConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";

/**
 * The oldest is forgotten when there are more, of those first that nobody has joined with: they cost a
 * handshake each, and whoever makes many of them must not log others out.
 */
const MOST_COOKIES = 100_000;

/** Lines that are no longer so, beyond twice as many as there are cookies, before a file is replaced. */
const SPARE_LINES = 1000;

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
  readonly #withLogin = new Map<string, Cookie>();
  readonly #without = new Map<string, Cookie>();

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
    const cookie = this.#withLogin.get(id) ?? this.#without.get(id);
    return cookie !== undefined && cookie.expires > now ? cookie : undefined;
  }

  take(id: string, cookie: Cookie): void {
    const isLoggedIn = (cookie.login ?? null) !== null;
    (isLoggedIn ? this.#without : this.#withLogin).delete(id);
    (isLoggedIn ? this.#withLogin : this.#without).set(id, cookie);
    if (this.size <= MOST_COOKIES) return;
    const first = this.#without.size > 0 ? this.#without : this.#withLogin;
    const [oldest] = first.keys();
    if (oldest !== undefined) first.delete(oldest);
  }

  get size(): number {
    return this.#without.size + this.#withLogin.size;
  }

  /** Those that have not expired, of each kind the oldest first. */
  entries(now: number): [id: string, cookie: Cookie][] {
    return [...this.#without, ...this.#withLogin].filter(([, { expires }]) => expires > now);
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
  /**
   * The file that is read, and how far: another worker may put a shorter one in its place. As long as
   * it is open, no other file has its inode. Null: there is none yet.
   */
  #descriptor: number | null = null;
  #readOctets = 0;
  #readLines = 0;

  constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
    try {
      this.#readOn();
      const kept = this.#known.entries(Date.now());
      if (this.#readLines > 2 * kept.length) this.#replace();
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
    this.#logFailure(() => {
      this.#appendLines(lineOf([id, cookie]));
      this.#readOn();
      if (this.#readLines > 2 * this.#known.size + SPARE_LINES) this.#replace();
    });
  }

  /** Appends, and once more where another worker has put a file in the place of this one meanwhile. */
  #appendLines(lines: string): void {
    for (let time = 0; time < 2; time++) {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
      const descriptor = openSync(this.#file, flags | constants.O_NONBLOCK, OWNER_ONLY);
      try {
        this.#guard(descriptor);
        writeSync(descriptor, lines);
        if (fstatSync(descriptor).ino === this.#presentInode()) return;
      } finally {
        closeSync(descriptor);
      }
    }
  }

  #presentInode(): number | undefined {
    return statSync(this.#file, { throwIfNoEntry: false })?.ino;
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

  /** Reads what was appended since the last time. */
  #readOn(): void {
    const inode = this.#presentInode();
    if (inode === undefined) return;
    const isOther = this.#descriptor === null || fstatSync(this.#descriptor).ino !== inode;
    const descriptor = isOther ? this.#reopen() : this.#descriptor;
    if (descriptor !== null) this.#readTail(descriptor);
  }

  #reopen(): number {
    // Not blocking: a pipe in the place of the file would be waited for.
    const descriptor = openSync(this.#file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      this.#guard(descriptor);
    } catch (thrown) {
      closeSync(descriptor);
      throw thrown;
    }
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#readOctets = 0;
    this.#readLines = 0;
    return descriptor;
  }

  /** Sees to it that nobody else can read or write the file; throws when that cannot be. */
  #guard(descriptor: number): void {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new Error("it is no file");
    const self = process.geteuid?.();
    for (const { uid } of [status, lstatSync(this.#file, { throwIfNoEntry: false }) ?? status]) {
      if (uid !== self && uid !== 0) throw new Error(`it belongs to another user (${uid})`);
    }
    if ((status.mode & 0o077) === 0) return;
    fchmodSync(descriptor, OWNER_ONLY);
    this.#log.warn("cookie file was open to others", { file: this.#file });
  }

  /** Reads up to the last line end; what follows it is still being written. */
  #readTail(descriptor: number): string {
    const { size } = fstatSync(descriptor);
    if (size <= this.#readOctets) return "";
    const octets = Buffer.alloc(size - this.#readOctets);
    const count = readSync(descriptor, octets, 0, octets.length, this.#readOctets);
    const whole = octets.subarray(0, octets.subarray(0, count).lastIndexOf(10) + 1);
    this.#readOctets += whole.length;
    const text = whole.toString();
    const lines = text.split("\n").slice(0, -1);
    this.#readLines += lines.length;
    for (const line of lines) this.#take(line);
    return text;
  }

  #take(line: string): void {
    const cookie = parseLine(line);
    if (cookie !== null) this.#known.take(...cookie);
  }

  /**
   * Puts a file without what is no longer so in the place of this one, at once. What other workers
   * write into the old one meanwhile is carried over, and they notice that theirs was replaced.
   */
  #replace(): void {
    const old = this.#descriptor;
    if (old === null) return;
    const made = `${this.#file}.${randomUUID()}`;
    const kept = this.#known.entries(Date.now());
    writeFileSync(made, kept.map(lineOf).join(""), { flag: "wx", mode: OWNER_ONLY });
    if (fstatSync(old).ino !== this.#presentInode()) {
      // Another worker was faster.
      rmSync(made);
      return;
    }
    renameSync(made, this.#file);
    const late = this.#readTail(old);
    if (late !== "") this.#appendLines(late);
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
