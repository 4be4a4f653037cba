/** Writes values for the readers of CBOR and MsgPack, whatever the target is. */

import * as binary from "./binary-writer";
import * as json from "./json-writer";
import { isJson } from "./target";
import { isAscii, isUtf8 } from "./text";

export function nothing<T>(): bool {
  if (isJson<T>()) json.putNull();
  else binary.writeNull<T>();
  return true;
}

export function boolean<T>(value: bool): bool {
  if (isJson<T>()) json.putBoolean(value);
  else binary.writeBoolean<T>(value);
  return true;
}

export function unsigned<T>(value: u64): bool {
  if (isJson<T>()) json.putUnsigned(value);
  else binary.writeUnsigned<T>(value);
  return true;
}

/** -1 - `argument`. */
export function negative<T>(argument: u64): bool {
  return isJson<T>() ? json.putNegative(argument) : binary.writeNegative<T>(argument);
}

export function float<T>(value: f64): bool {
  if (isJson<T>()) return json.putFloat(value);
  // The octets of one that is no number depend on the machine.
  if (!(abs(value) <= Infinity)) return false;
  binary.writeFloat<T>(value);
  return true;
}

export function text<T>(from: usize, octets: usize, isKey: bool): bool {
  if (isJson<T>()) return json.putText(from, octets, isKey);
  if (octets <= 16) {
    const short = v128.load(from);
    if (isAscii(short, <u32>octets)) {
      binary.writeShortText<T>(short, <u32>octets);
      return true;
    }
  }
  return isUtf8(from, from + octets) && binary.writeText<T>(from, octets);
}

/** Binary becomes base64 in JSON, which is left to the exact writer. */
export function octets<T>(from: usize, count: usize): bool {
  return isJson<T>() ? false : binary.writeBinary<T>(from, count);
}

export function beginList<T>(count: u32): void {
  if (isJson<T>()) json.putOctet(0x5b);
  else binary.writeCount<T>(count, false);
}

export function beginMap<T>(count: u32): void {
  if (isJson<T>()) json.putOctet(0x7b);
  else binary.writeCount<T>(count, true);
}

/** Between a key and its value, and between items: JSON alone has a character there. */
export function separator<T>(octet: u32): void {
  if (isJson<T>()) json.putOctet(octet);
}
