/**
 * FileCookieStore: cookies in a file that all workers of a node share.
 *
 * The file has one line for each cookie, `{"id":"…","expires":1700000000000}`, and is only appended to, each
 * line in one write, so that workers need no lock. A further line with `"login":"…"`, an opaque text, or
 * `"login":null` replaces the cookie's login; the last line counts.
 *
 * The lines let a browser join, so only the owner may read the file. A file that others may read is
 * made private. A file of another user is not used, because its writer could join as anyone.
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
import type { Logger } from "#observe/logger.ts";
import { type Cookie, type CookieStore, MemoryCookieStore } from "./cookie-store.ts";

/** The file is rewritten when it has this many lines more than twice the number of cookies. */
const MAX_SPARE_LINES = 1000;

const OWNER_ONLY = 0o600;

/**
 * The cookies of all workers of a node. Errors of the file after the start are logged; each worker then
 * recognizes the cookies that it knows, and handshakes go on.
 */
export class FileCookieStore implements CookieStore {
  readonly #file: string;
  readonly #log: Logger;
  readonly #known = new MemoryCookieStore();
  /**
   * The open file, and how much of it has been read. Another worker may replace the file by a shorter
   * one, which has another inode as long as this one is open. Null: there is no file yet.
   */
  #descriptor: number | null = null;
  #readOctets = 0;
  #readLines = 0;

  /** @throws Failure when the file cannot be read or written. */
  constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
    try {
      this.#readAppended();
      const cookies = this.#known.entries(Date.now());
      if (this.#readLines > 2 * cookies.length) this.#rewrite();
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
    this.#logFailure(() => this.#readAppended());
    return this.#known.has(id, now);
  }

  add(id: string, expires: number): void {
    this.#known.add(id, expires);
    this.#append(id, { expires });
  }

  login(id: string, now: number): string | null {
    // Another worker may have stored a login or a logout; without reading it, no login is valid.
    return this.#logFailure(() => this.#readAppended()) ? this.#known.login(id, now) : null;
  }

  setLogin(id: string, login: string | null, now: number): void {
    this.#logFailure(() => this.#readAppended());
    const cookie = this.#known.get(id, now);
    if (cookie === undefined || (cookie.login ?? null) === login) return;
    this.#known.setLogin(id, login, now);
    this.#append(id, { ...cookie, login });
  }

  #append(id: string, cookie: Cookie): void {
    this.#logFailure(() => {
      this.#appendLines(lineOf([id, cookie]));
      this.#readAppended();
      if (this.#readLines > 2 * this.#known.size + MAX_SPARE_LINES) this.#rewrite();
    });
  }

  /** Appends lines, and again if another worker has replaced the file in the meantime. */
  #appendLines(lines: string): void {
    for (let attempt = 0; attempt < 2; attempt++) {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
      const descriptor = openSync(this.#file, flags | constants.O_NONBLOCK, OWNER_ONLY);
      try {
        this.#makePrivate(descriptor);
        writeSync(descriptor, lines);
        if (fstatSync(descriptor).ino === this.#currentInode()) return;
      } finally {
        closeSync(descriptor);
      }
    }
  }

  #currentInode(): number | undefined {
    return statSync(this.#file, { throwIfNoEntry: false })?.ino;
  }

  /** Runs `body` and logs its failure; false: it failed. */
  #logFailure(body: () => void): boolean {
    try {
      body();
      return true;
    } catch (thrown) {
      this.#log.error("cookie file failed", { file: this.#file, error: sentenceOf(thrown) });
      return false;
    }
  }

  /** Reads the lines that were appended since the last call. */
  #readAppended(): void {
    const inode = this.#currentInode();
    if (inode === undefined) return;
    const isReplaced = this.#descriptor === null || fstatSync(this.#descriptor).ino !== inode;
    const descriptor = isReplaced ? this.#reopen() : this.#descriptor;
    if (descriptor !== null) this.#readTail(descriptor);
  }

  #reopen(): number {
    // Not blocking, because opening a pipe in place of the file would wait for a writer.
    const descriptor = openSync(this.#file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      this.#makePrivate(descriptor);
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

  /** Makes the file private to its owner; throws when it is no file or belongs to another user. */
  #makePrivate(descriptor: number): void {
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

  /** Reads up to the last line end; a line after it is still being written. */
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
    for (const line of lines) this.#readLine(line);
    return text;
  }

  #readLine(line: string): void {
    const cookie = parseLine(line);
    if (cookie !== null) this.#known.put(...cookie);
  }

  /**
   * Replaces the file by one without superseded lines, atomically. Lines that other workers append to the
   * old file in the meantime are copied; those workers notice the replacement by the inode.
   */
  #rewrite(): void {
    const old = this.#descriptor;
    if (old === null) return;
    const temporary = `${this.#file}.${randomUUID()}`;
    const cookies = this.#known.entries(Date.now());
    writeFileSync(temporary, cookies.map(lineOf).join(""), { flag: "wx", mode: OWNER_ONLY });
    if (fstatSync(old).ino !== this.#currentInode()) {
      // Another worker was faster.
      rmSync(temporary);
      return;
    }
    renameSync(temporary, this.#file);
    const appended = this.#readTail(old);
    if (appended !== "") this.#appendLines(appended);
    this.#readAppended();
  }
}

function lineOf([id, cookie]: [id: string, cookie: Cookie]): string {
  return `${JSON.stringify({ id, ...cookie })}\n`;
}

/** Null: a malformed line, as after a full disk; it is skipped. */
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
