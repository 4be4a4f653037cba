/**
 * BinarySchema: what is in a binary schema of FlatBuffers (`*.bfbs`), which flatc makes of `*.fbs`.
 *
 * (FlatBuffers: reflection/reflection.fbs.)
 *
 * @module
 */

import { FlatbufferTable } from "./flatbuffer-table.ts";

/** What all parts of a schema have. */
export interface Documented {
  name: string;
  docs: string;
  /** Attributes in brackets, such as `(key)`; null: without a value. */
  attributes: ReadonlyMap<string, string | null>;
}

/** A table or a struct. */
export interface SchemaObject extends Documented {
  isStruct: boolean;
  declarationFile: string | null;
  minAlign: number;
  byteSize: number;
  /** In the order of their ids. */
  fields: SchemaField[];
}

/** A field of a table or a struct. */
export interface SchemaField extends Documented {
  type: string;
  id: number;
  offset: number;
  defaultInteger: bigint;
  defaultReal: number;
  isDeprecated: boolean;
  isRequired: boolean;
}

/** An enumeration or a union. */
export interface SchemaEnum extends Documented {
  isUnion: boolean;
  declarationFile: string | null;
  underlyingType: string;
  values: { name: string; value: bigint; docs: string }[];
}

/** A service. */
export interface SchemaService extends Documented {
  declarationFile: string | null;
  calls: (Documented & { request: string; response: string })[];
}

/** One schema. */
export interface BinarySchema {
  objects: SchemaObject[];
  enums: SchemaEnum[];
  services: SchemaService[];
  /** The files that it was made of. */
  sources: string[];
}

/** What stands at octet 4 of a binary schema. */
const IDENTIFIER = "BFBS";

/**
 * Reads a binary schema; null: the octets are none.
 *
 * @throws MalformedFlatbuffer when they are cut off or damaged.
 */
export function readBinarySchema(octets: Uint8Array): BinarySchema | null {
  if (Buffer.from(octets.subarray(4, 8)).toString("latin1") !== IDENTIFIER) return null;
  const root = FlatbufferTable.root(octets);
  const [objects, enums] = [root.tables(0), root.tables(1)];
  const names = { objects: objects.map(nameOf), enums: enums.map(nameOf) };
  return {
    objects: objects.map((object) => readObject(object, names)),
    enums: enums.map((one) => readEnum(one, names)),
    services: root.tables(5).map(readService),
    sources: root.tables(7).map(nameOf),
  };
}

interface Names {
  objects: string[];
  enums: string[];
}

function nameOf(table: FlatbufferTable): string {
  return table.text(0) ?? "";
}

function docsOf(table: FlatbufferTable, field: number): string {
  return table
    .texts(field)
    .map((line) => line.trim())
    .join(" ")
    .trim();
}

function attributesOf(table: FlatbufferTable, field: number): Map<string, string | null> {
  return new Map(table.tables(field).map((one) => [nameOf(one), one.text(1)]));
}

function readObject(table: FlatbufferTable, names: Names): SchemaObject {
  const fields = table.tables(1).map((field) => readField(field, names));
  return {
    name: nameOf(table),
    docs: docsOf(table, 6),
    attributes: attributesOf(table, 5),
    isStruct: table.boolean(2),
    declarationFile: table.text(7),
    minAlign: table.int32(3),
    byteSize: table.int32(4),
    fields: fields.sort((left, right) => left.id - right.id),
  };
}

function readField(table: FlatbufferTable, names: Names): SchemaField {
  return {
    name: nameOf(table),
    docs: docsOf(table, 10),
    attributes: attributesOf(table, 9),
    type: typeOf(table.table(1), names),
    id: table.uint16(2),
    offset: table.uint16(3),
    defaultInteger: table.int64(4),
    defaultReal: table.float64(5),
    isDeprecated: table.boolean(6),
    isRequired: table.boolean(7),
  };
}

const BASE_TYPES = [
  "none",
  "utype",
  "bool",
  "byte",
  "ubyte",
  "short",
  "ushort",
  "int",
  "uint",
  "long",
  "ulong",
  "float",
  "double",
  "string",
];
const VECTOR = 14;
const OBJECT = 15;
const UNION = 16;
const ARRAY = 17;
const LONG_VECTOR = 18;

/** A type as it is written in a schema: `uint`, `[ubyte]`, `[int:4]`, `shop.Order`. */
function typeOf(table: FlatbufferTable | null, names: Names): string {
  if (table === null) return "";
  const index = table.int32(2, -1);
  const base = table.int8(0);
  if (base !== VECTOR && base !== LONG_VECTOR && base !== ARRAY)
    return typeName(base, index, names);
  const element = typeName(table.int8(1), index, names);
  return base === ARRAY ? `[${element}:${table.uint16(3)}]` : `[${element}]`;
}

/** The index of a number is that of its enumeration, if it has one. */
function typeName(base: number, index: number, names: Names): string {
  if (base === OBJECT) return names.objects[index] ?? "";
  const name = BASE_TYPES[base] ?? (base === UNION ? "union" : "");
  const enumeration = names.enums[index];
  return enumeration === undefined ? name : `${enumeration} (${name})`;
}

function readEnum(table: FlatbufferTable, names: Names): SchemaEnum {
  return {
    name: nameOf(table),
    docs: docsOf(table, 5),
    attributes: attributesOf(table, 4),
    isUnion: table.boolean(2),
    declarationFile: table.text(6),
    underlyingType: typeOf(table.table(3), { ...names, enums: [] }),
    values: table.tables(1).map((value) => ({
      name: nameOf(value),
      value: value.int64(1),
      docs: docsOf(value, 4),
    })),
  };
}

function readService(table: FlatbufferTable): SchemaService {
  return {
    name: nameOf(table),
    docs: docsOf(table, 3),
    attributes: attributesOf(table, 2),
    declarationFile: table.text(4),
    calls: table.tables(1).map((call) => ({
      name: nameOf(call),
      docs: docsOf(call, 4),
      attributes: attributesOf(call, 3),
      request: nameOfObject(call.table(1)),
      response: nameOfObject(call.table(2)),
    })),
  };
}

function nameOfObject(table: FlatbufferTable | null): string {
  return table === null ? "" : nameOf(table);
}
