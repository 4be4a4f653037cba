/**
 * CBOR octets to tokens, indefinite lengths, short floats and big integers included.
 *
 * @module
 */

import { BinaryReader } from "#wamp/token/binary-reader.ts";
import { type Nesting, UNKNOWN_SLOTS } from "#wamp/token/nesting.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { MAX_INTEGER_BITS, type TokenSink, UNKNOWN_COUNT } from "#wamp/token/token-sink.ts";

const BREAK = 0xff;
const UNDEFINED = 0xf7;
const INDEFINITE = 31;
const TAG_POSITIVE_BIGNUM = 2;
const TAG_NEGATIVE_BIGNUM = 3;
/** Marks the octets as CBOR and leaves the value that follows as it is (RFC 8949, section 3.4.6). */
const TAG_SELF_DESCRIBED = 55799;
/** Marks binary as a Uint8Array (RFC 8746, section 2.1), as JavaScript libraries do. */
const TAG_UINT8_ARRAY = 64;

/** Reads CBOR (RFC 8949). */
export class CborReader extends BinaryReader {
  /** Holds the joined chunks of a string of indefinite length. */
  readonly #joined = new OctetBuffer();

  constructor() {
    super("cbor");
  }

  protected readValue(sink: TokenSink): void {
    const first = this.octets[this.advance(1)]!;
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
        this.beginArray(sink, this.#count(info));
        return;
      case 5:
        this.beginMap(sink, this.#count(info));
        return;
      case 6:
        this.#tagged(sink, info);
        return;
      default:
        this.#simple(sink, info);
        return;
    }
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info === 24) return this.octets[this.advance(1)]!;
    if (info === 25) return this.view.getUint16(this.advance(2));
    if (info === 26) return this.view.getUint32(this.advance(4));
    if (info !== 27) throw this.malformed("a head has a reserved or misplaced length");
    return this.unsigned64(this.advance(8));
  }

  /** The count of a list or map. */
  #count(info: number): number {
    return info === INDEFINITE ? UNKNOWN_COUNT : this.#argument(info);
  }

  #integer64(sink: TokenSink, isNegative: boolean): void {
    const at = this.position;
    const argument = this.#argument(27);
    const value = isNegative ? -1 - argument : argument;
    if (Number.isSafeInteger(value)) {
      sink.integer(value);
      return;
    }
    const exact = this.view.getBigUint64(at);
    sink.bigInteger(isNegative ? -1n - exact : exact);
  }

  #text(sink: TokenSink, info: number): void {
    if (info === INDEFINITE) {
      const joined = this.#join(0x60);
      sink.text(joined, 0, joined.length);
      return;
    }
    this.readUtf8(sink, this.#argument(info));
  }

  #binary(sink: TokenSink, info: number): void {
    if (info === INDEFINITE) {
      const joined = this.#join(0x40);
      sink.binary(joined, 0, joined.length);
      return;
    }
    this.readBinary(sink, this.#argument(info));
  }

  /** Joins the chunks up to the break; each is of definite length and of the same kind. */
  #join(major: number): Uint8Array {
    this.#joined.clear();
    for (;;) {
      const first = this.octets[this.advance(1)]!;
      if (first === BREAK) return this.#joined.take();
      if ((first & 0xe0) !== major || (first & 31) === INDEFINITE) {
        throw this.malformed("a string of indefinite length has a chunk of another kind");
      }
      const count = this.#argument(first & 31);
      const at = this.advance(count);
      if (major === 0x60) this.checkText(at, count);
      this.#joined.append(this.octets, at, at + count);
    }
  }

  protected readOpen(sink: TokenSink): void {
    const { nesting } = this;
    while (nesting.depth > 0) {
      if (nesting.isMap) this.#pairs(sink, nesting);
      else this.#items(sink, nesting);
    }
  }

  /** Reads the items of a list up to one that is a list or map itself, or to the end. */
  #items(sink: TokenSink, nesting: Nesting): void {
    const { depth, slots } = nesting;
    let { slot } = nesting;
    while (slot < slots && !this.#isBreak(slots)) {
      sink.item(slot++);
      nesting.slot = slot;
      this.readValue(sink);
      if (nesting.depth !== depth) return;
    }
    this.end(sink);
  }

  /** Reads the keys and values of a map up to one that is a list or map, or to the end. */
  #pairs(sink: TokenSink, nesting: Nesting): void {
    const { depth } = nesting;
    let { slot, slots } = nesting;
    if (slot & 1) {
      nesting.slot = ++slot;
      sink.value();
      this.readValue(sink);
      if (nesting.depth !== depth) return;
    }
    while (slot < slots && !this.#isBreak(slots)) {
      if (this.omitsUndefined && this.skipUndefinedPair()) {
        if (slots !== UNKNOWN_SLOTS) nesting.slots = slots -= 2;
        continue;
      }
      sink.key(slot >> 1);
      nesting.keyStart = this.position;
      nesting.slot = slot + 1;
      this.readValue(sink);
      if (nesting.depth !== depth) return;
      slot += 2;
      nesting.slot = slot;
      sink.value();
      this.readValue(sink);
      if (nesting.depth !== depth) return;
    }
    this.end(sink);
  }

  /** Whether a list or map whose length only its end tells ends here. */
  #isBreak(slots: number): boolean {
    return slots === UNKNOWN_SLOTS && this.octets[this.position] === BREAK;
  }

  /** Reads tags one after the other, so that a chain of them costs no stack. */
  #tagged(sink: TokenSink, firstInfo: number): void {
    for (let info = firstInfo; ; ) {
      const tag = this.#argument(info);
      const next = this.octets[this.position];
      const isBinary = next !== undefined && next >> 5 === 2;
      if ((tag === TAG_POSITIVE_BIGNUM || tag === TAG_NEGATIVE_BIGNUM) && isBinary) {
        this.#bignum(sink, tag === TAG_NEGATIVE_BIGNUM);
        return;
      }
      const isSaidOtherwise = tag === TAG_SELF_DESCRIBED || (tag === TAG_UINT8_ARRAY && isBinary);
      if (!isSaidOtherwise) sink.unrepresentable(`CBOR tag ${tag}`);
      if (next === undefined || next >> 5 !== 6) {
        this.readValue(sink);
        return;
      }
      this.position++;
      info = next & 31;
    }
  }

  #bignum(sink: TokenSink, isNegative: boolean): void {
    const info = this.octets[this.position++]! & 31;
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
    const at = this.advance(count);
    return this.octets.subarray(at, at + count);
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
        this.readUndefined(sink);
        return;
      case 24: {
        const code = this.octets[this.advance(1)]!;
        if (code < 32)
          throw this.malformed("a simple value is written in two octets instead of one");
        sink.unrepresentable(`CBOR simple value ${code}`);
        return;
      }
      case 25:
        sink.float(halfFloat(this.view.getUint16(this.advance(2))));
        return;
      case 26:
        sink.float(this.view.getFloat32(this.advance(4)));
        return;
      case 27:
        sink.float(this.view.getFloat64(this.advance(8)));
        return;
      case INDEFINITE:
        throw this.malformed("a break stands where a value is due");
      default:
        if (info > 27) throw this.malformed("a head has a reserved length");
        sink.unrepresentable(`CBOR simple value ${info}`);
        return;
    }
  }

  protected isOmittableKey(first: number): boolean {
    const major = first >> 5;
    return major === 3 || major <= 1;
  }

  protected undefinedLength(): number {
    return this.octets[this.position] === UNDEFINED ? 1 : 0;
  }

  protected smallInteger(first: number): number | undefined {
    return first < 24 ? first : undefined;
  }

  protected shortTextStart(first: number): number {
    if (first >= 0x60 && first < 0x78) return 1;
    return first === 0x78 ? 2 : 0;
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
