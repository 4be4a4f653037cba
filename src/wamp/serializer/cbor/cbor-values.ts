/**
 * JavaScript values to CBOR.
 *
 * @module
 */

import { Encoder } from "cbor-x";
import { encodeWith } from "#wamp/serializer/binary-values.ts";

const encoder = new Encoder({
  useRecords: false,
  mapsAsObjects: true,
  tagUint8Array: false,
  variableMapSize: true,
});

/** Encodes a list as CBOR. */
export function encodeCbor(values: readonly unknown[]): Uint8Array {
  return encodeWith((prepared) => encoder.encode(prepared), values, "cbor");
}
