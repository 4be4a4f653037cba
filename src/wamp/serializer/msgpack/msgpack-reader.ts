/**
 * MsgPack octets to tokens.
 *
 * @module
 */

import { BinaryReader } from "#wamp/token/binary-reader.ts";
import type { Nesting } from "#wamp/token/nesting.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";

const UNDEFINED_OCTETS = 3;

/** Reads MsgPack, every format of it. */
export class MsgpackReader extends BinaryReader {
  constructor() {
    super("msgpack");
  }

  protected readValue(sink: TokenSink): void {
    const code = this.octets[this.advance(1)]!;
    if (code < 0x80) sink.integer(code);
    else if (code >= 0xe0) sink.integer(code - 0x100);
    else if (code < 0x90) this.beginMap(sink, code & 15);
    else if (code < 0xa0) this.beginArray(sink, code & 15);
    else if (code < 0xc0) this.readUtf8(sink, code & 31);
    else this.#codedValue(sink, code);
  }

  #codedValue(sink: TokenSink, code: number): void {
    switch (code) {
      case 0xc0:
        sink.nil();
        return;
      case 0xc2:
        sink.boolean(false);
        return;
      case 0xc3:
        sink.boolean(true);
        return;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        this.readBinary(sink, this.#unsigned(1 << (code - 0xc4)));
        return;
      case 0xc7:
      case 0xc8:
      case 0xc9:
        this.#extension(sink, this.#unsigned(1 << (code - 0xc7)));
        return;
      case 0xca:
        sink.float(this.view.getFloat32(this.advance(4)));
        return;
      case 0xcb:
        sink.float(this.view.getFloat64(this.advance(8)));
        return;
      case 0xcc:
      case 0xcd:
      case 0xce:
        sink.integer(this.#unsigned(1 << (code - 0xcc)));
        return;
      case 0xcf:
        this.#unsigned64(sink);
        return;
      case 0xd0:
        sink.integer(this.view.getInt8(this.advance(1)));
        return;
      case 0xd1:
        sink.integer(this.view.getInt16(this.advance(2)));
        return;
      case 0xd2:
        sink.integer(this.view.getInt32(this.advance(4)));
        return;
      case 0xd3:
        this.#signed64(sink);
        return;
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        this.#extension(sink, 1 << (code - 0xd4));
        return;
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.readUtf8(sink, this.#unsigned(1 << (code - 0xd9)));
        return;
      case 0xdc:
      case 0xdd:
        this.beginArray(sink, this.#unsigned(code === 0xdc ? 2 : 4));
        return;
      case 0xde:
      case 0xdf:
        this.beginMap(sink, this.#unsigned(code === 0xde ? 2 : 4));
        return;
      default:
        throw this.malformed("it has the octet c1, which means nothing");
    }
  }

  #unsigned(size: number): number {
    const at = this.advance(size);
    if (size === 1) return this.octets[at]!;
    return size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  #unsigned64(sink: TokenSink): void {
    const at = this.advance(8);
    const value = this.unsigned64(at);
    if (Number.isSafeInteger(value)) sink.integer(value);
    else sink.bigInteger(this.view.getBigUint64(at));
  }

  #signed64(sink: TokenSink): void {
    const at = this.advance(8);
    const value = this.view.getInt32(at) * 0x100000000 + this.view.getUint32(at + 4);
    if (Number.isSafeInteger(value)) sink.integer(value);
    else sink.bigInteger(this.view.getBigInt64(at));
  }

  #extension(sink: TokenSink, count: number): void {
    const at = this.advance(count + 1);
    if (isUndefined(this.octets, at - 1)) {
      this.readUndefined(sink);
      return;
    }
    sink.unrepresentable(`MsgPack extension type ${(this.octets[at]! << 24) >> 24}`);
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
    while (slot < slots) {
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
    while (slot < slots) {
      if (this.omitsUndefined && this.skipUndefinedPair()) {
        nesting.slots = slots -= 2;
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

  protected isOmittableKey(first: number): boolean {
    return (first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb);
  }

  protected undefinedLength(): number {
    return isUndefined(this.octets, this.position) ? UNDEFINED_OCTETS : 0;
  }

  protected smallInteger(first: number): number | undefined {
    return first < 0x80 ? first : undefined;
  }

  protected shortTextStart(first: number): number {
    if (first >= 0xa0 && first < 0xc0) return 1;
    return first === 0xd9 ? 2 : 0;
  }
}

/** Whether msgpackr's form of undefined is at `at`: extension type 0 with one octet, zero. */
function isUndefined(octets: Uint8Array, at: number): boolean {
  return octets[at] === 0xd4 && octets[at + 1] === 0 && octets[at + 2] === 0;
}
