/**
 * JavaScript values to MsgPack.
 *
 * The main entry of the package would also load a native addon for decoding, which is not needed.
 *
 * @module
 */

import { Packr } from "msgpackr/pack";
import { encodeWith } from "#wamp/serializer/binary-values.ts";

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });

/** Encodes a list as MsgPack. */
export function encodeMsgpack(values: readonly unknown[]): Uint8Array {
  return encodeWith((prepared) => packr.pack(prepared), values, "msgpack");
}
