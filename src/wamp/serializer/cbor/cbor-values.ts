/**
 * JavaScript values to CBOR.
 *
 * The main entry of the package would also load a native addon for decoding, which is not needed.
 *
 * @module
 */

import { Encoder } from "cbor-x/encode";
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
