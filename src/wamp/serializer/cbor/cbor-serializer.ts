/**
 * CBOR in the table of serializers.
 *
 * @module
 */

import { binaryItemEnd } from "#wamp/serializer/binary-list.ts";
import type { Serializer } from "#wamp/serializer/serializer.ts";
import { appendCborList, cborKindOf } from "./cbor-list.ts";
import { CborReader } from "./cbor-reader.ts";
import { CborWriter } from "./cbor-writer.ts";

/** CBOR. */
export const cborSerializer: Serializer = {
  isBinary: true,
  rawSocketNumber: 3,
  reader: new CborReader(),
  writer: new CborWriter(),
  kindOf: cborKindOf,
  itemEnd: binaryItemEnd,
  appendList: appendCborList,
};
