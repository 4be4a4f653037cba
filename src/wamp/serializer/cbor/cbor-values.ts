/**
 * CBOR values for control messages.
 *
 * @module
 */

import { Encoder } from "cbor-x";

const encoder = new Encoder({
  useRecords: false,
  mapsAsObjects: true,
  tagUint8Array: false,
  variableMapSize: true,
});

/** Writes one value as CBOR. */
export function encodeCbor(value: unknown): Uint8Array {
  return encoder.encode(value);
}
