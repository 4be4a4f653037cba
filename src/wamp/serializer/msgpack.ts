/**
 * MsgPack values for control messages.
 *
 * @module
 */

import { Packr } from "msgpackr";

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });

/** Reads one MsgPack value. */
export function decodeMsgPack(octets: Uint8Array): unknown {
  return packr.unpack(octets);
}

/** Writes one value as MsgPack. */
export function encodeMsgPack(value: unknown): Uint8Array {
  return packr.pack(value);
}
