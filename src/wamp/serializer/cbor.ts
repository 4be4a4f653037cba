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

/** Reads one CBOR value. */
export function decodeCbor(octets: Uint8Array): unknown {
  return encoder.decode(octets);
}

/** Writes one value as CBOR. */
export function encodeCbor(value: unknown): Uint8Array {
  return encoder.encode(value);
}
