/**
 * ChunkForm: the parts of one form: its fields, and its chunk in a file.
 *
 * @module
 */

import type { PartFile } from "./part-file.ts";
import { RefusedUpload } from "./refused-upload.ts";
import { type Chunk, chunkOf, octetsOfChunk } from "./upload-fields.ts";
import type { UploadPath } from "./upload-path.ts";

/** Most octets of a field. */
const MAX_FIELD_OCTETS = 65_536;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One form. */
export class ChunkForm {
  readonly #path: Pick<UploadPath, "config" | "store">;
  readonly #fields = new Map<string, string>();
  #part: PartFile | null = null;
  /** The same, while it is being created too. */
  #opening: Promise<PartFile> | null = null;
  #isDiscarded = false;

  constructor(path: Pick<UploadPath, "config" | "store">) {
    this.#path = path;
  }

  /** The value of a field; null: there is none. */
  readonly fieldOf = (name: string): string | null => this.#fields.get(name) ?? null;

  /**
   * Takes one part.
   *
   * @throws RefusedUpload when it is not taken; the system's error when it cannot be written.
   */
  async takePart(name: string, octets: AsyncIterable<Uint8Array>): Promise<void> {
    // No part of a form that was refused, or lost its client, may create a file: nothing would close it.
    if (this.#isDiscarded) return;
    const isContent = name === this.#path.config.form_fields.content;
    if (isContent ? this.#opening !== null : this.#fields.has(name)) {
      throw new RefusedUpload(400, "Cannot take the chunk: a field is there twice");
    }
    if (isContent) await this.#takeContent(octets);
    else this.#fields.set(name, await textOf(octets));
  }

  /**
   * The file with the octets of a chunk, which its receiver has to move or discard from now on.
   *
   * @throws RefusedUpload when there is none, or its length is wrong.
   */
  takePartOf(chunk: Chunk): PartFile {
    const { content } = this.#path.config.form_fields;
    if (this.#part === null) {
      throw new RefusedUpload(400, `Cannot take the chunk: "${content}" is missing`);
    }
    if (this.#part.octets !== octetsOfChunk(chunk, chunk.number)) {
      throw new RefusedUpload(400, "Cannot take the chunk: it has another length than it should");
    }
    this.#opening = null;
    return this.#part;
  }

  /** Removes the file, unless it is taken. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    const part = await this.#opening?.catch(() => null);
    await part?.discard();
  }

  async #takeContent(octets: AsyncIterable<Uint8Array>): Promise<void> {
    const most = this.#mostOctets();
    this.#opening = this.#path.store.createPart();
    const part = await this.#opening;
    this.#part = part;
    for await (const piece of octets) {
      if (part.octets + piece.length > most) {
        throw new RefusedUpload(400, "Cannot take the chunk: it has another length than it should");
      }
      if (!this.#isDiscarded) await part.write(piece);
    }
  }

  /** Where the fields come first, as Resumable.js sends them, a chunk is refused before it is written. */
  #mostOctets(): number {
    const { config } = this.#path;
    const { file_name, total_size, chunk_number, chunk_size, total_chunks } = config.form_fields;
    const wanted = [file_name, total_size, chunk_number, chunk_size, total_chunks];
    if (!wanted.every((name) => this.#fields.has(name))) return config.options.max_file_size;
    const chunk = chunkOf(this.fieldOf, config);
    return octetsOfChunk(chunk, chunk.number);
  }
}

async function textOf(octets: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of octets) {
    length += piece.length;
    if (length > MAX_FIELD_OCTETS) {
      throw new RefusedUpload(413, "Cannot take the chunk: one of its fields is too long");
    }
    pieces.push(piece);
  }
  try {
    return utf8.decode(Buffer.concat(pieces));
  } catch {
    throw new RefusedUpload(400, "Cannot take the chunk: one of its fields is not UTF-8");
  }
}
