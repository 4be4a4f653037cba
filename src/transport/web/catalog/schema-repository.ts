/**
 * SchemaRepository: all that is in the binary schemas of a catalog.
 *
 * @module
 */

import { basename } from "node:path";
import type { Documented, SchemaEnum, SchemaObject, SchemaService } from "#base/binary-schema.ts";
import { readSchemaFile } from "#base/schema-file.ts";

/** Its parts by their names; of a name that is there several times the first counts. */
export interface SchemaRepository {
  files: { name: string; sources: string[] }[];
  objects: ReadonlyMap<string, SchemaObject>;
  enums: ReadonlyMap<string, SchemaEnum>;
  services: ReadonlyMap<string, SchemaService>;
}

/**
 * Reads schemas.
 *
 * @throws Failure when one cannot be read, or is none.
 */
export function readRepository(files: readonly string[]): SchemaRepository {
  const schemas = files.map((file) => ({ file, schema: readSchemaFile(file) }));
  return {
    files: schemas.map(({ file, schema }) => ({ name: basename(file), sources: schema.sources })),
    objects: byName(schemas.flatMap(({ schema }) => schema.objects)),
    enums: byName(schemas.flatMap(({ schema }) => schema.enums)),
    services: byName(schemas.flatMap(({ schema }) => schema.services)),
  };
}

function byName<Part extends Documented>(parts: readonly Part[]): Map<string, Part> {
  const map = new Map<string, Part>();
  for (const part of parts) if (!map.has(part.name)) map.set(part.name, part);
  return map;
}
