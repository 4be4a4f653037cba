/**
 * MsgPack values for control messages.
 *
 * @module
 */

import { Packr } from "msgpackr";

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });

/** Writes one value as MsgPack. */
export function encodeMsgPack(value: unknown): Uint8Array {
  return packr.pack(value);
}
