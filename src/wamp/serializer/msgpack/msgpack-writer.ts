/**
 * Tokens to MsgPack octets: smallest headers, floats of 64 bits.
 *
 * @module
 */

import { type HeadForm, ListHeads } from "#wamp/token/list-heads.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { UNKNOWN_COUNT } from "#wamp/token/token-sink.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";

const MAX_LENGTH = 0xffffffff;
/** The first octets of an empty list and of an empty map. */
const LIST = 0x90;
const MAP = 0x80;

const HEADS: HeadForm = { length: headLength, put: putHead };

/** Writes MsgPack into a buffer of its own. */
export class MsgpackWriter implements TokenWriter {
  readonly out = new OctetBuffer();
  /** Of the lists and maps of unknown count. */
  readonly #heads = new ListHeads(this.out, HEADS);

  clear(): void {
    this.out.clear();
    this.#heads.clear();
  }

  beginArray(count: number): void {
    this.#begin(LIST, count);
  }

  item(): void {}

  endArray(count: number, announced: number): void {
    if (announced === UNKNOWN_COUNT) this.#heads.end(LIST, count);
  }

  beginMap(count: number): void {
    this.#begin(MAP, count);
  }

  key(): void {}

  value(): void {}

  endMap(count: number, announced: number): void {
    if (announced === UNKNOWN_COUNT) this.#heads.end(MAP, count);
  }

  nil(): void {
    this.out.appendOctet(0xc0);
  }

  boolean(value: boolean): void {
    this.out.appendOctet(value ? 0xc3 : 0xc2);
  }

  integer(value: number): void {
    const out = this.out;
    out.reserve(9);
    const { octets } = out;
    const at = out.length;
    if (value >= -32 && value < 0x80) {
      octets[at] = value;
      out.length = at + 1;
    } else if (value >= -0x80 && value < 0x100) {
      octets[at] = value < 0 ? 0xd0 : 0xcc;
      octets[at + 1] = value;
      out.length = at + 2;
    } else if (value >= -0x8000 && value < 0x10000) {
      octets[at] = value < 0 ? 0xd1 : 0xcd;
      octets[at + 1] = value >> 8;
      octets[at + 2] = value;
      out.length = at + 3;
    } else if (value >= -0x80000000 && value < 0x100000000) {
      octets[at] = value < 0 ? 0xd2 : 0xce;
      out.view.setUint32(at + 1, value);
      out.length = at + 5;
    } else {
      octets[at] = value < 0 ? 0xd3 : 0xcf;
      out.view.setInt32(at + 1, Math.floor(value / 0x100000000));
      out.view.setUint32(at + 5, value % 0x100000000);
      out.length = at + 9;
    }
  }

  bigInteger(value: bigint): void {
    if (value < -0x8000000000000000n || value > 0xffffffffffffffffn) {
      throw new UnrepresentableValue("an integer of more than 64 bits in MsgPack");
    }
    const out = this.out;
    out.reserve(9);
    out.octets[out.length] = value < 0n ? 0xd3 : 0xcf;
    out.view.setBigUint64(out.length + 1, BigInt.asUintN(64, value));
    out.length += 9;
  }

  float(value: number): void {
    const out = this.out;
    out.reserve(9);
    out.octets[out.length] = 0xcb;
    out.view.setFloat64(out.length + 1, value);
    out.length += 9;
  }

  text(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (count < 32) this.out.appendOctet(0xa0 | count);
    else this.#length(count, 0xd9);
    this.out.append(source, start, end);
  }

  binary(source: Uint8Array, start: number, end: number): void {
    this.#length(end - start, 0xc4);
    this.out.append(source, start, end);
  }

  unrepresentable(what: string): void {
    throw new UnrepresentableValue(`${what} in MsgPack`);
  }

  /** Writes a length of 8, 16 or 32 bits behind the first of three consecutive codes. */
  #length(count: number, code8: number): void {
    if (count > MAX_LENGTH)
      throw new UnrepresentableValue("a string of more than 4 GiB in MsgPack");
    const out = this.out;
    out.reserve(5);
    const at = out.length;
    if (count < 0x100) {
      out.octets[at] = code8;
      out.octets[at + 1] = count;
      out.length = at + 2;
    } else if (count < 0x10000) {
      out.octets[at] = code8 + 1;
      out.view.setUint16(at + 1, count);
      out.length = at + 3;
    } else {
      out.octets[at] = code8 + 2;
      out.view.setUint32(at + 1, count);
      out.length = at + 5;
    }
  }

  #begin(code: number, count: number): void {
    const out = this.out;
    if (count === UNKNOWN_COUNT) {
      this.#heads.begin(code);
      return;
    }
    out.reserve(5);
    out.length = putHead(out, out.length, code, count);
  }
}

function headLength(count: number): number {
  if (count < 16) return 1;
  return count < 0x10000 ? 3 : 5;
}

/** Writes a head where there is room for it and gives the place after it. */
function putHead(out: OctetBuffer, at: number, code: number, count: number): number {
  if (count < 16) {
    out.octets[at] = code | count;
    return at + 1;
  }
  const code16 = code === LIST ? 0xdc : 0xde;
  if (count < 0x10000) {
    out.octets[at] = code16;
    out.view.setUint16(at + 1, count);
    return at + 3;
  }
  out.octets[at] = code16 + 1;
  out.view.setUint32(at + 1, count);
  return at + 5;
}
