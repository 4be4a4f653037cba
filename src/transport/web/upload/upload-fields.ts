/**
 * The fields of one chunk, of a form or of a query, checked before anything is stored.
 *
 *     resumableFilename=a.csv  resumableTotalSize=25   resumableTotalChunks=2
 *     resumableChunkSize=10    resumableChunkNumber=2                         the last chunk has 15 octets
 *
 * @module
 */

import { isTopicPattern } from "#base/topic-pattern.ts";
import type { UploadServiceConfig } from "#config/web-service/upload-config.ts";
import { isId } from "#wamp/id.ts";
import { fileNameFault, suffixOf } from "./file-name.ts";
import { RefusedUpload } from "./refused-upload.ts";

/** Most chunks of a file: each is a file of its own until all have come. */
const MAX_CHUNKS = 10_000;

/** One chunk and the file that it is a part of. */
export interface Chunk {
  name: string;
  totalSize: number;
  chunkSize: number;
  totalChunks: number;
  identifier: string;
  /** From 1. */
  number: number;
}

/** What events of an upload say, and where. */
export interface ProgressFields {
  topic: string;
  /** The session that alone gets the events; null: every subscriber does. */
  session: number | null;
  /** JSON. */
  chunkExtra: string;
  /** JSON. */
  finishExtra: string;
}

/** Gives the value of a field; null: there is none. */
export type FieldOf = (name: string) => string | null;

/**
 * The chunk that the fields describe.
 *
 * @throws RefusedUpload with 400, 413 or 415.
 */
export function chunkOf(
  fieldOf: FieldOf,
  { form_fields, options }: Pick<UploadServiceConfig, "form_fields" | "options">,
): Chunk {
  const name = required(fieldOf, form_fields.file_name);
  const fault = fileNameFault(name);
  if (fault !== null) throw new RefusedUpload(400, `Cannot take a file of this name: ${fault}`);
  const totalSize = integerOf(fieldOf, form_fields.total_size);
  const chunkSize = integerOf(fieldOf, form_fields.chunk_size);
  const totalChunks = integerOf(fieldOf, form_fields.total_chunks);
  const number = integerOf(fieldOf, form_fields.chunk_number);
  const { max_file_size, file_types } = options;
  if (totalSize > max_file_size) {
    const sentence = `Cannot take the file: it is longer than ${max_file_size} octets`;
    throw new RefusedUpload(413, sentence);
  }
  if (file_types !== null && !file_types.includes(suffixOf(name))) {
    throw new RefusedUpload(415, "Cannot take the file: files with this suffix are not taken");
  }
  const given = form_fields.identifier === null ? null : fieldOf(form_fields.identifier);
  const chunk = { name, totalSize, chunkSize, totalChunks, identifier: given ?? "", number };
  checkCounts(chunk);
  return chunk;
}

function checkCounts(chunk: Chunk): void {
  const { totalChunks, number } = chunk;
  if (totalChunks > MAX_CHUNKS) {
    throw new RefusedUpload(413, `Cannot take the file: it has more than ${MAX_CHUNKS} chunks`);
  }
  const last = octetsOfChunk(chunk, totalChunks);
  const isEmptyFile = chunk.totalSize === 0 && totalChunks === 1;
  if (number < 1 || number > totalChunks || (last < 1 && !isEmptyFile)) {
    throw new RefusedUpload(400, "Cannot take the chunk: its numbers contradict each other");
  }
}

/** Octets of a chunk: the last one has all that is left, as Resumable.js cuts files. */
export function octetsOfChunk(chunk: Chunk, number: number): number {
  const { totalSize, chunkSize, totalChunks } = chunk;
  return number < totalChunks ? chunkSize : totalSize - (totalChunks - 1) * chunkSize;
}

/**
 * What the client wants published; null: nothing.
 *
 * @throws RefusedUpload with 400.
 */
export function progressOf(
  fieldOf: FieldOf,
  { form_fields }: Pick<UploadServiceConfig, "form_fields">,
): ProgressFields | null {
  const optional = (name: string | null) => (name === null ? null : fieldOf(name));
  const topic = optional(form_fields.on_progress);
  if (topic === null) return null;
  if (!isTopicPattern(topic, "exact")) {
    throw new RefusedUpload(400, `Cannot take the chunk: "${form_fields.on_progress}" is no URI`);
  }
  const session = optional(form_fields.session);
  const id = session === null ? null : Number(session);
  if (session !== null && !(/^\d+$/.test(session) && isId(id))) {
    throw new RefusedUpload(400, `Cannot take the chunk: "${form_fields.session}" is no session`);
  }
  const chunkExtra = jsonOf(optional(form_fields.chunk_extra), form_fields.chunk_extra);
  const finishExtra = jsonOf(optional(form_fields.finish_extra), form_fields.finish_extra);
  return { topic, session: id, chunkExtra, finishExtra };
}

/** The text itself, so that its numbers stay exact. */
function jsonOf(text: string | null, name: string | null): string {
  if (text === null) return "{}";
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new RefusedUpload(400, `Cannot take the chunk: "${name}" is no JSON`);
  }
}

function required(fieldOf: FieldOf, name: string): string {
  const value = fieldOf(name);
  if (value === null) throw new RefusedUpload(400, `Cannot take the chunk: "${name}" is missing`);
  return value;
}

function integerOf(fieldOf: FieldOf, name: string): number {
  const text = required(fieldOf, name);
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new RefusedUpload(400, `Cannot take the chunk: "${name}" is no number`);
}
