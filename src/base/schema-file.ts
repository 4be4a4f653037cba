/**
 * Files with binary schemas of FlatBuffers.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { type BinarySchema, readBinarySchema } from "./binary-schema.ts";
import { Failure, sentenceOf } from "./failure.ts";

/** Most octets of a schema. */
const MAX_SCHEMA_OCTETS = 64 * 1024 * 1024;

/**
 * Reads a schema.
 *
 * @throws Failure when the file cannot be read, or is no schema.
 */
export function readSchemaFile(file: string): BinarySchema {
  let schema: BinarySchema | null;
  try {
    if (statSync(file).size > MAX_SCHEMA_OCTETS) throw new Error("it is too long");
    schema = readBinarySchema(readFileSync(file));
  } catch (thrown) {
    throw failure(file, sentenceOf(thrown));
  }
  if (schema === null) throw failure(file, "it is no binary schema of FlatBuffers");
  return schema;
}

function failure(file: string, state: string): Failure {
  return new Failure(`Cannot show the schema "${file}": ${state}`, { source: "config" });
}
