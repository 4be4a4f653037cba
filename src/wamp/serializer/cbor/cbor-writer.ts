/**
 * Tokens to CBOR octets: definite lengths, smallest headers, floats of 64 bits.
 *
 * @module
 */

import { type HeadForm, ListHeads } from "#wamp/token/list-heads.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { UNKNOWN_COUNT } from "#wamp/token/token-sink.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";

const MAJOR_UNSIGNED = 0x00;
const MAJOR_NEGATIVE = 0x20;
const MAJOR_BINARY = 0x40;
const MAJOR_TEXT = 0x60;
const MAJOR_ARRAY = 0x80;
const MAJOR_MAP = 0xa0;
const TAG_POSITIVE_BIGNUM = 0xc2;
const TAG_NEGATIVE_BIGNUM = 0xc3;

const HEADS: HeadForm = { length: headLength, put: putHead };

/** Writes CBOR into a buffer of its own. */
export class CborWriter implements TokenWriter {
  readonly out = new OctetBuffer();
  /** Of the lists and maps of unknown count. */
  readonly #heads = new ListHeads(this.out, HEADS);

  clear(): void {
    this.out.clear();
    this.#heads.clear();
  }

  beginArray(count: number): void {
    this.#begin(MAJOR_ARRAY, count);
  }

  item(): void {}

  endArray(count: number, announced: number): void {
    if (announced === UNKNOWN_COUNT) this.#heads.end(MAJOR_ARRAY, count);
  }

  beginMap(count: number): void {
    this.#begin(MAJOR_MAP, count);
  }

  key(): void {}

  value(): void {}

  endMap(count: number, announced: number): void {
    if (announced === UNKNOWN_COUNT) this.#heads.end(MAJOR_MAP, count);
  }

  nil(): void {
    this.out.appendOctet(0xf6);
  }

  boolean(value: boolean): void {
    this.out.appendOctet(value ? 0xf5 : 0xf4);
  }

  integer(value: number): void {
    if (value >= 0) this.#head(MAJOR_UNSIGNED, value);
    else this.#head(MAJOR_NEGATIVE, -1 - value);
  }

  bigInteger(value: bigint): void {
    const argument = value < 0n ? -1n - value : value;
    const out = this.out;
    if (argument <= 0xffffffffffffffffn) {
      out.reserve(9);
      out.octets[out.length] = (value < 0n ? MAJOR_NEGATIVE : MAJOR_UNSIGNED) | 27;
      out.view.setBigUint64(out.length + 1, argument);
      out.length += 9;
      return;
    }
    const digits = argument.toString(16);
    const magnitude = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
    this.out.appendOctet(value < 0n ? TAG_NEGATIVE_BIGNUM : TAG_POSITIVE_BIGNUM);
    this.binary(magnitude, 0, magnitude.length);
  }

  float(value: number): void {
    const out = this.out;
    out.reserve(9);
    out.octets[out.length] = 0xfb;
    out.view.setFloat64(out.length + 1, value);
    out.length += 9;
  }

  text(source: Uint8Array, start: number, end: number): void {
    this.#head(MAJOR_TEXT, end - start);
    this.out.append(source, start, end);
  }

  binary(source: Uint8Array, start: number, end: number): void {
    this.#head(MAJOR_BINARY, end - start);
    this.out.append(source, start, end);
  }

  unrepresentable(what: string): void {
    throw new UnrepresentableValue(`${what} in CBOR`);
  }

  #head(major: number, argument: number): void {
    const out = this.out;
    if (out.octets.length - out.length < 9) out.reserve(9);
    if (argument < 24) out.octets[out.length++] = major | argument;
    else out.length = putHead(out, out.length, major, argument);
  }

  #begin(major: number, count: number): void {
    if (count === UNKNOWN_COUNT) this.#heads.begin(major);
    else this.#head(major, count);
  }
}

function headLength(argument: number): number {
  if (argument < 24) return 1;
  if (argument < 0x100) return 2;
  if (argument < 0x10000) return 3;
  return argument < 0x100000000 ? 5 : 9;
}

/** Writes a head where there is room for it and gives the place after it. */
function putHead(out: OctetBuffer, at: number, major: number, argument: number): number {
  const octets = out.octets;
  if (argument < 24) {
    octets[at] = major | argument;
    return at + 1;
  }
  if (argument < 0x100) {
    octets[at] = major | 24;
    octets[at + 1] = argument;
    return at + 2;
  }
  if (argument < 0x10000) {
    octets[at] = major | 25;
    octets[at + 1] = argument >> 8;
    octets[at + 2] = argument;
    return at + 3;
  }
  if (argument < 0x100000000) {
    octets[at] = major | 26;
    out.view.setUint32(at + 1, argument);
    return at + 5;
  }
  octets[at] = major | 27;
  out.view.setUint32(at + 1, Math.floor(argument / 0x100000000));
  out.view.setUint32(at + 5, argument >>> 0);
  return at + 9;
}
