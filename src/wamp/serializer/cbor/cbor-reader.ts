/**
 * CBOR octets to tokens, indefinite lengths, short floats and big integers included.
 *
 * @module
 */

import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import type { TokenReader } from "#wamp/token/token-reader.ts";
import {
  MAX_DEPTH,
  MAX_INTEGER_BITS,
  type TokenSink,
  UNKNOWN_COUNT,
} from "#wamp/token/token-sink.ts";
import { IGNORING_SINK, UNDEFINED_VALUE } from "#wamp/token/undefined-value.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { isUtf8Between } from "#wamp/token/utf8-check.ts";

const NOTHING = new Uint8Array(0);
const NO_VIEW = new DataView(NOTHING.buffer);
const BREAK = 0xff;
const UNDEFINED = 0xf7;
const INDEFINITE = 31;
const TAG_POSITIVE_BIGNUM = 2;
const TAG_NEGATIVE_BIGNUM = 3;
/** "This is CBOR": says nothing about the value that follows. */
const TAG_SELF_DESCRIBED = 55799;

/** What JavaScript libraries say of a Uint8Array (RFC 8746, section 2.1); its octets are binary. */
const TAG_UINT8_ARRAY = 64;

/** Reads CBOR (RFC 8949). */
export class CborReader implements TokenReader {
  position = 0;
  #octets: Uint8Array = NOTHING;
  #lazyView: DataView | undefined;
  #depth = 0;
  /** Whether pairs without a value are looked for, because there is one. */
  #dropsAbsent = false;
  /** Holds the chunks of a string of indefinite length, joined. */
  readonly #joined = new OctetBuffer();

  read(octets: Uint8Array, sink: TokenSink): void {
    this.#octets = octets;
    this.#lazyView = undefined;
    this.#dropsAbsent = false;
    try {
      this.#whole(sink);
    } catch (thrown) {
      if (thrown !== UNDEFINED_VALUE) throw thrown;
      this.#dropsAbsent = true;
      sink.clear?.();
      this.#whole(sink);
    } finally {
      this.#octets = NOTHING;
      this.#lazyView = NO_VIEW;
    }
  }

  #whole(sink: TokenSink): void {
    this.position = 0;
    this.#depth = 0;
    this.#value(sink);
    if (this.position !== this.#octets.length) throw malformed("octets follow its end");
  }

  #absent(sink: TokenSink): void {
    if (!this.#dropsAbsent && sink.clear) throw UNDEFINED_VALUE;
    sink.nil();
  }

  get #view(): DataView {
    const octets = this.#octets;
    this.#lazyView ??= new DataView(octets.buffer, octets.byteOffset, octets.length);
    return this.#lazyView;
  }

  #value(sink: TokenSink): void {
    const first = this.#octets[this.#advance(1)]!;
    const info = first & 31;
    switch (first >> 5) {
      case 0:
        if (info === 27) {
          this.#integer64(sink, false);
          return;
        }
        sink.integer(this.#argument(info));
        return;
      case 1:
        if (info === 27) {
          this.#integer64(sink, true);
          return;
        }
        sink.integer(-1 - this.#argument(info));
        return;
      case 2:
        this.#binary(sink, info);
        return;
      case 3:
        this.#text(sink, info);
        return;
      case 4:
        this.#array(sink, info);
        return;
      case 5:
        this.#map(sink, info);
        return;
      case 6:
        this.#tagged(sink, info);
        return;
      default:
        this.#simple(sink, info);
        return;
    }
  }

  /** Takes `count` octets and gives the place of the first. */
  #advance(count: number): number {
    const at = this.position;
    if (count > this.#octets.length - at) throw malformed("it ends too early");
    this.position = at + count;
    return at;
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info === 24) return this.#octets[this.#advance(1)]!;
    if (info === 25) return this.#view.getUint16(this.#advance(2));
    if (info === 26) return this.#view.getUint32(this.#advance(4));
    if (info !== 27) throw malformed("a head has a reserved or misplaced length");
    const at = this.#advance(8);
    return this.#view.getUint32(at) * 0x100000000 + this.#view.getUint32(at + 4);
  }

  #integer64(sink: TokenSink, isNegative: boolean): void {
    const at = this.position;
    const argument = this.#argument(27);
    const value = isNegative ? -1 - argument : argument;
    if (Number.isSafeInteger(value)) {
      sink.integer(value);
      return;
    }
    const exact = this.#view.getBigUint64(at);
    sink.bigInteger(isNegative ? -1n - exact : exact);
  }

  #text(sink: TokenSink, info: number): void {
    if (info === INDEFINITE) {
      const joined = this.#join(0x60);
      sink.text(joined, 0, joined.length);
      return;
    }
    const count = this.#argument(info);
    const at = this.#advance(count);
    this.#checkText(at, count);
    sink.text(this.#octets, at, at + count);
  }

  #binary(sink: TokenSink, info: number): void {
    if (info === INDEFINITE) {
      const joined = this.#join(0x40);
      sink.binary(joined, 0, joined.length);
      return;
    }
    const count = this.#argument(info);
    const at = this.#advance(count);
    sink.binary(this.#octets, at, at + count);
  }

  #checkText(at: number, count: number): void {
    if (!isUtf8Between(this.#octets, at, at + count)) throw malformed("a text is not UTF-8");
  }

  /** Joins the chunks up to the break; each is of definite length and of the same kind. */
  #join(major: number): Uint8Array {
    this.#joined.clear();
    for (;;) {
      const first = this.#octets[this.#advance(1)]!;
      if (first === BREAK) return this.#joined.take();
      if ((first & 0xe0) !== major || (first & 31) === INDEFINITE) {
        throw malformed("a string of indefinite length has a chunk of another kind");
      }
      const count = this.#argument(first & 31);
      const at = this.#advance(count);
      if (major === 0x60) this.#checkText(at, count);
      this.#joined.append(this.#octets, at, at + count);
    }
  }

  #array(sink: TokenSink, info: number): void {
    const announced = this.#enter(info, 1);
    sink.beginArray(announced);
    let index = 0;
    try {
      for (; this.#hasMore(index, announced); index++) {
        sink.item(index);
        this.#value(sink);
      }
    } catch (error) {
      throw error instanceof UnrepresentableValue ? error.belowIndex(index) : error;
    }
    sink.endArray(index, announced);
    this.#leave(announced);
  }

  #map(sink: TokenSink, info: number): void {
    const announced = this.#enter(info, 2);
    const told = this.#dropsAbsent ? UNKNOWN_COUNT : announced;
    sink.beginMap(told);
    let index = 0;
    let keyStart = 0;
    let keyEnd = 0;
    try {
      for (let pair = 0; this.#hasMore(pair, announced); pair++) {
        if (this.#dropsAbsent && this.#skipAbsentPair()) continue;
        sink.key(index++);
        keyStart = this.position;
        keyEnd = 0;
        this.#value(sink);
        keyEnd = this.position;
        sink.value();
        this.#value(sink);
      }
    } catch (error) {
      if (!(error instanceof UnrepresentableValue) || keyEnd === 0) throw error;
      throw error.belowKey(keyText(this.#octets, keyStart, keyEnd));
    }
    sink.endMap(index, told);
    this.#leave(announced);
  }

  /** Skips a pair of a plain key and undefined, or goes back to where it stood. */
  #skipAbsentPair(): boolean {
    const start = this.position;
    const major = this.#octets[start]! >> 5;
    if (major !== 3 && major > 1) return false;
    this.#value(IGNORING_SINK);
    if (this.#octets[this.position] === UNDEFINED) {
      this.position += 1;
      return true;
    }
    this.position = start;
    return false;
  }

  #enter(info: number, octetsPerItem: number): number {
    if (++this.#depth > MAX_DEPTH) throw malformed(`it is nested deeper than ${MAX_DEPTH}`);
    if (info === INDEFINITE) return UNKNOWN_COUNT;
    const count = this.#argument(info);
    if (count * octetsPerItem > this.#octets.length - this.position) {
      throw malformed("it ends too early");
    }
    return count;
  }

  #hasMore(index: number, announced: number): boolean {
    if (announced !== UNKNOWN_COUNT) return index < announced;
    return this.#octets[this.position] !== BREAK;
  }

  #leave(announced: number): void {
    if (announced === UNKNOWN_COUNT) this.position++;
    this.#depth--;
  }

  /** Reads tags one after the other, so that a chain of them costs no stack. */
  #tagged(sink: TokenSink, firstInfo: number): void {
    for (let info = firstInfo; ; ) {
      const tag = this.#argument(info);
      const next = this.#octets[this.position];
      const isBinary = next !== undefined && next >> 5 === 2;
      if ((tag === TAG_POSITIVE_BIGNUM || tag === TAG_NEGATIVE_BIGNUM) && isBinary) {
        this.#bignum(sink, tag === TAG_NEGATIVE_BIGNUM);
        return;
      }
      const isSaidOtherwise = tag === TAG_SELF_DESCRIBED || (tag === TAG_UINT8_ARRAY && isBinary);
      if (!isSaidOtherwise) sink.unrepresentable(`CBOR tag ${tag}`);
      if (next === undefined || next >> 5 !== 6) {
        this.#value(sink);
        return;
      }
      this.position++;
      info = next & 31;
    }
  }

  #bignum(sink: TokenSink, isNegative: boolean): void {
    const info = this.#octets[this.position++]! & 31;
    const magnitude = info === INDEFINITE ? this.#join(0x40) : this.#octetsOf(this.#argument(info));
    let zeros = 0;
    while (magnitude[zeros] === 0) zeros++;
    if ((magnitude.length - zeros) * 8 > MAX_INTEGER_BITS) {
      sink.unrepresentable(`an integer of more than ${MAX_INTEGER_BITS} bits`);
      sink.nil();
      return;
    }
    const digits = Buffer.from(magnitude.subarray(zeros)).toString("hex");
    const argument = BigInt(`0x0${digits}`);
    const value = isNegative ? -1n - argument : argument;
    const short = Number(value);
    if (Number.isSafeInteger(short)) sink.integer(short);
    else sink.bigInteger(value);
  }

  #octetsOf(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#octets.subarray(at, at + count);
  }

  #simple(sink: TokenSink, info: number): void {
    switch (info) {
      case 20:
        sink.boolean(false);
        return;
      case 21:
        sink.boolean(true);
        return;
      case 22:
        sink.nil();
        return;
      case 23:
        this.#absent(sink);
        return;
      case 24: {
        const code = this.#octets[this.#advance(1)]!;
        if (code < 32) throw malformed("a simple value is written in two octets instead of one");
        sink.unrepresentable(`CBOR simple value ${code}`);
        return;
      }
      case 25:
        sink.float(halfFloat(this.#view.getUint16(this.#advance(2))));
        return;
      case 26:
        sink.float(this.#view.getFloat32(this.#advance(4)));
        return;
      case 27:
        sink.float(this.#view.getFloat64(this.#advance(8)));
        return;
      case INDEFINITE:
        throw malformed("a break stands where a value is due");
      default:
        if (info > 27) throw malformed("a head has a reserved length");
        sink.unrepresentable(`CBOR simple value ${info}`);
        return;
    }
  }
}

/** The value of a float of 16 bits. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A key as text for the place of an error: short text as it is, other kinds as their octets. */
function keyText(octets: Uint8Array, start: number, end: number): string {
  const first = octets[start]!;
  if (first < 24) return String(first);
  const key = Buffer.from(octets.buffer, octets.byteOffset + start, end - start);
  if (first >= 0x60 && first < 0x78) return key.toString("utf8", 1);
  if (first === 0x78) return key.toString("utf8", 2);
  return key.subarray(0, 16).toString("hex");
}

function malformed(state: string): MalformedMessage {
  return new MalformedMessage("cbor", state);
}
