/**
 * PartFile: a file that is being written, and becomes a chunk or an upload by being moved there, in one step.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCodeOf } from "#base/failure.ts";

/** Octets that are copied at once. */
const COPY_OCTETS = 1024 * 1024;

/** Names of such files. */
export const PART_NAME = /^part-[0-9a-f-]{36}$/;

/** One such file. */
export class PartFile {
  readonly #file: string;
  readonly #handle: FileHandle;
  #octets = 0;
  #isOver = false;

  private constructor(file: string, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  /**
   * Creates a file in a folder, and the folder where it is missing.
   *
   * @throws the system's error.
   */
  static async create(folder: string): Promise<PartFile> {
    const file = join(folder, `part-${randomUUID()}`);
    try {
      return new PartFile(file, await open(file, "wx"));
    } catch (thrown) {
      if (errorCodeOf(thrown) !== "ENOENT") throw thrown;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return new PartFile(file, await open(file, "wx"));
    }
  }

  /** Octets that are written. */
  get octets(): number {
    return this.#octets;
  }

  /** Appends octets. */
  async write(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length; ) {
      const { bytesWritten } = await this.#handle.write(octets, at, octets.length - at);
      at += bytesWritten;
    }
    this.#octets += octets.length;
  }

  /** Appends a whole file. */
  async append(file: string): Promise<void> {
    const source = await open(file, "r");
    try {
      const buffer = Buffer.allocUnsafe(COPY_OCTETS);
      for (;;) {
        const { bytesRead } = await source.read(buffer, 0, buffer.length);
        if (bytesRead === 0) return;
        await this.write(buffer.subarray(0, bytesRead));
      }
    } finally {
      await source.close();
    }
  }

  /** Has its octets be on the disk, so that not even a power cut leaves half of a file in its place. */
  async sync(permissions: number | null): Promise<void> {
    if (permissions !== null) await this.#handle.chmod(permissions);
    await this.#handle.sync();
  }

  /** Moves the file; it replaces a file of that name. */
  async moveTo(target: string): Promise<void> {
    await rename(this.#file, target);
    this.#isOver = true;
    await this.#handle.close();
  }

  /** Removes the file; no effect after it was moved. */
  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#handle.close().catch(() => {});
    await rm(this.#file, { force: true });
  }
}
