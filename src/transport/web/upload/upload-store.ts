/**
 * UploadStore: the chunks of incomplete uploads in the file system, which all workers of a port share.
 *
 *     <temp_directory>/<digest>/chunk_<number>          a chunk
 *     <temp_directory>/<digest>/client                  the client that sends them, as a symbolic link
 *     <temp_directory>/<digest>.<uuid>                  all chunks are there; one worker puts them together
 *     <temp_directory>/part-<uuid>                      what is being written
 *     <directory>/<name>                                the whole file
 *
 * Every step is one `rename`, `mkdir` or `symlink`, so that of two workers one takes it.
 *
 * @module
 */

import { createHash, randomUUID } from "node:crypto";
import { lstat, lutimes, mkdir, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCodeOf } from "#base/failure.ts";
import type { UploadServiceConfig } from "#config/web-service/upload-config.ts";
import { PartFile } from "./part-file.ts";
import { RefusedUpload } from "./refused-upload.ts";
import { type Chunk, octetsOfChunk } from "./upload-fields.ts";

/** Most incomplete uploads of one directory. */
const MAX_UPLOADS = 1000;

/** Folders of uploads, incomplete or being put together. */
export const UPLOAD_NAME = /^[0-9a-f]{64}(\.[0-9a-f-]{36})?$/;

/** Time after its last chunk in which an upload belongs to its client; then another may go on with it. */
const CLIENT_MS = 60_000;

/** A folder that was completed and begun again meanwhile is tried once more. */
const MAX_TRIES = 3;

/** What a stored chunk has done. */
export interface StoredChunk {
  /** Whether it is the first one of its upload. */
  isFirst: boolean;
  /** Octets of the upload that are there. */
  received: number;
  /** Whether the file is whole and in its place. */
  isFinished: boolean;
}

/** The store of one path. */
export class UploadStore {
  readonly #directory: string;
  readonly #temporary: string;
  readonly #permissions: number | null;

  constructor({ directory, temp_directory, options }: UploadServiceConfig) {
    this.#directory = directory;
    this.#temporary = temp_directory;
    this.#permissions = options.file_permissions;
  }

  /** A new file for the octets of a chunk. */
  async createPart(): Promise<PartFile> {
    return await PartFile.create(this.#temporary);
  }

  /**
   * Whether a chunk is there and need not be sent. Where all are there, the file could not be put together, and
   * the last one has to be sent again to try it.
   */
  async hasChunk(chunk: Chunk): Promise<boolean> {
    const numbers = await numbersIn(this.#folderOf(chunk));
    const isTriedAgain = numbers.length >= chunk.totalChunks && chunk.number === chunk.totalChunks;
    return !isTriedAgain && numbers.includes(chunk.number);
  }

  /**
   * Stores a chunk whose octets are written, also if its client goes meanwhile. With the last one, the file is put
   * together. After a failure nothing of the chunk is left.
   *
   * @throws RefusedUpload when another client sends the same file, or too many are incomplete; the system's
   * error when something cannot be written.
   */
  async store(chunk: Chunk, part: PartFile, client: string): Promise<StoredChunk> {
    try {
      return await this.#store(chunk, part, client);
    } finally {
      await part.discard();
    }
  }

  async #store(chunk: Chunk, part: PartFile, client: string): Promise<StoredChunk> {
    const received = chunk.totalSize;
    if (chunk.totalChunks === 1) {
      await this.#moveTo(part, chunk);
      return { isFirst: true, received, isFinished: true };
    }
    const folder = this.#folderOf(chunk);
    const isFirst = await this.#storeInFolder(folder, chunk, part, client);
    const numbers = await numbersIn(folder);
    // All were there, and the request of another one has just put the file together.
    if (!numbers.includes(chunk.number)) return { isFirst, received, isFinished: false };
    if (numbers.length < chunk.totalChunks) {
      const octets = numbers.map((number) => octetsOfChunk(chunk, number));
      const sum = octets.reduce((all, one) => all + one, 0);
      return { isFirst, received: sum, isFinished: false };
    }
    return { isFirst, received, isFinished: await this.#finish(folder, chunk) };
  }

  /** Gives whether it is the first chunk. */
  async #storeInFolder(
    folder: string,
    chunk: Chunk,
    part: PartFile,
    client: string,
  ): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      const isFirst = await this.#begin(folder);
      try {
        await claim(folder, client);
        await part.moveTo(join(folder, `chunk_${chunk.number}`));
        return isFirst;
      } catch (thrown) {
        // Another worker has just put the file together.
        if (errorCodeOf(thrown) !== "ENOENT" || tries === MAX_TRIES) throw thrown;
      }
    }
  }

  /** Makes the folder of an upload; gives whether it was missing. */
  async #begin(folder: string): Promise<boolean> {
    try {
      await mkdir(folder);
    } catch (thrown) {
      if (errorCodeOf(thrown) === "EEXIST") return false;
      throw thrown;
    }
    const names = await readdir(this.#temporary);
    if (names.filter((name) => UPLOAD_NAME.test(name)).length <= MAX_UPLOADS) return true;
    await rm(folder, { recursive: true, force: true });
    throw new RefusedUpload(503, "Cannot take the file: too many uploads are incomplete");
  }

  /** Puts the file together; false: another worker does. After a failure its chunks are there as before. */
  async #finish(folder: string, chunk: Chunk): Promise<boolean> {
    const taken = `${folder}.${randomUUID()}`;
    try {
      await rename(folder, taken);
    } catch (thrown) {
      if (errorCodeOf(thrown) === "ENOENT") return false;
      throw thrown;
    }
    let whole: PartFile | undefined;
    try {
      whole = await this.createPart();
      for (let number = 1; number <= chunk.totalChunks; number += 1) {
        await whole.append(join(taken, `chunk_${number}`));
      }
      await this.#moveTo(whole, chunk);
    } catch (thrown) {
      await whole?.discard();
      await rename(taken, folder).catch(() => rm(taken, { recursive: true, force: true }));
      throw thrown;
    }
    await rm(taken, { recursive: true, force: true });
    return true;
  }

  async #moveTo(part: PartFile, chunk: Chunk): Promise<void> {
    try {
      await part.sync(this.#permissions);
      await part.moveTo(join(this.#directory, chunk.name));
    } catch (thrown) {
      if (!["EISDIR", "ENOTEMPTY", "EEXIST"].includes(errorCodeOf(thrown) ?? "")) throw thrown;
      throw new RefusedUpload(409, "Cannot take the file: a directory has this name");
    }
  }

  /** Two files with the same name and size are the same upload, unless clients send identifiers. */
  #folderOf({ name, totalSize, chunkSize, totalChunks, identifier }: Chunk): string {
    const facts = [this.#directory, name, totalSize, chunkSize, totalChunks, identifier];
    const text = JSON.stringify(facts);
    return join(this.#temporary, createHash("sha256").update(text).digest("hex"));
  }
}

/** Notes that a client sends an upload. */
async function claim(folder: string, client: string): Promise<void> {
  const link = join(folder, "client");
  for (;;) {
    try {
      await symlink(client, link);
      return;
    } catch (thrown) {
      if (errorCodeOf(thrown) !== "EEXIST") throw thrown;
    }
    const now = new Date();
    if ((await readlink(link)) === client) {
      await lutimes(link, now, now);
      return;
    }
    if (now.getTime() - (await lstat(link)).mtimeMs < CLIENT_MS) {
      throw new RefusedUpload(409, "Cannot take the chunk: another client sends this file");
    }
    await rm(link, { force: true });
  }
}

async function numbersIn(folder: string): Promise<number[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => name.startsWith("chunk_")).map((name) => Number(name.slice(6)));
  } catch (thrown) {
    if (errorCodeOf(thrown) === "ENOENT") return [];
    throw thrown;
  }
}
