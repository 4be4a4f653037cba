/**
 * MsgPack octets to tokens.
 *
 * @module
 */

import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import type { TokenReader } from "#wamp/token/token-reader.ts";
import { MAX_DEPTH, type TokenSink, UNKNOWN_COUNT } from "#wamp/token/token-sink.ts";
import { IGNORING_SINK, UNDEFINED_VALUE } from "#wamp/token/undefined-value.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { isUtf8Between } from "#wamp/token/utf8-check.ts";

const NOTHING = new Uint8Array(0);
const NO_VIEW = new DataView(NOTHING.buffer);

/** Reads MsgPack, every format of it. */
export class MsgpackReader implements TokenReader {
  position = 0;
  #octets: Uint8Array = NOTHING;
  #lazyView: DataView | undefined;
  #depth = 0;
  /** Whether pairs without a value are looked for, because there is one. */
  #dropsAbsent = false;

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
    const code = this.#octets[this.#advance(1)]!;
    if (code < 0x80) sink.integer(code);
    else if (code >= 0xe0) sink.integer(code - 0x100);
    else if (code < 0x90) this.#map(sink, code & 15);
    else if (code < 0xa0) this.#array(sink, code & 15);
    else if (code < 0xc0) this.#text(sink, code & 31);
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
        this.#binary(sink, this.#unsigned(1 << (code - 0xc4)));
        return;
      case 0xc7:
      case 0xc8:
      case 0xc9:
        this.#extension(sink, this.#unsigned(1 << (code - 0xc7)));
        return;
      case 0xca:
        sink.float(this.#view.getFloat32(this.#advance(4)));
        return;
      case 0xcb:
        sink.float(this.#view.getFloat64(this.#advance(8)));
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
        sink.integer(this.#view.getInt8(this.#advance(1)));
        return;
      case 0xd1:
        sink.integer(this.#view.getInt16(this.#advance(2)));
        return;
      case 0xd2:
        sink.integer(this.#view.getInt32(this.#advance(4)));
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
        this.#text(sink, this.#unsigned(1 << (code - 0xd9)));
        return;
      case 0xdc:
      case 0xdd:
        this.#array(sink, this.#unsigned(code === 0xdc ? 2 : 4));
        return;
      case 0xde:
      case 0xdf:
        this.#map(sink, this.#unsigned(code === 0xde ? 2 : 4));
        return;
      default:
        throw malformed("it has the octet c1, which means nothing");
    }
  }

  /** Takes `count` octets and gives the place of the first. */
  #advance(count: number): number {
    const at = this.position;
    if (count > this.#octets.length - at) throw malformed("it ends too early");
    this.position = at + count;
    return at;
  }

  #unsigned(size: number): number {
    const at = this.#advance(size);
    if (size === 1) return this.#octets[at]!;
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #unsigned64(sink: TokenSink): void {
    const at = this.#advance(8);
    const value = this.#view.getUint32(at) * 0x100000000 + this.#view.getUint32(at + 4);
    if (Number.isSafeInteger(value)) sink.integer(value);
    else sink.bigInteger(this.#view.getBigUint64(at));
  }

  #signed64(sink: TokenSink): void {
    const at = this.#advance(8);
    const value = this.#view.getInt32(at) * 0x100000000 + this.#view.getUint32(at + 4);
    if (Number.isSafeInteger(value)) sink.integer(value);
    else sink.bigInteger(this.#view.getBigInt64(at));
  }

  #text(sink: TokenSink, count: number): void {
    const at = this.#advance(count);
    if (!isUtf8Between(this.#octets, at, at + count)) throw malformed("a text is not UTF-8");
    sink.text(this.#octets, at, at + count);
  }

  #binary(sink: TokenSink, count: number): void {
    const at = this.#advance(count);
    sink.binary(this.#octets, at, at + count);
  }

  #extension(sink: TokenSink, count: number): void {
    const at = this.#advance(count + 1);
    if (isUndefined(this.#octets, at - 1)) {
      this.#absent(sink);
      return;
    }
    sink.unrepresentable(`MsgPack extension type ${(this.#octets[at]! << 24) >> 24}`);
  }

  #array(sink: TokenSink, count: number): void {
    this.#enter(count);
    sink.beginArray(count);
    let index = 0;
    try {
      for (; index < count; index++) {
        sink.item(index);
        this.#value(sink);
      }
    } catch (error) {
      throw error instanceof UnrepresentableValue ? error.belowIndex(index) : error;
    }
    sink.endArray(count, count);
    this.#depth--;
  }

  #map(sink: TokenSink, count: number): void {
    this.#enter(count * 2);
    const told = this.#dropsAbsent ? UNKNOWN_COUNT : count;
    sink.beginMap(told);
    let index = 0;
    let keyStart = 0;
    let keyEnd = 0;
    try {
      for (let pair = 0; pair < count; pair++) {
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
    this.#depth--;
  }

  /** Skips a pair of a text key and undefined, or goes back to where it stood. */
  #skipAbsentPair(): boolean {
    const start = this.position;
    const code = this.#octets[start]!;
    const isText = (code >= 0xa0 && code < 0xc0) || (code >= 0xd9 && code <= 0xdb);
    if (!isText) return false;
    this.#value(IGNORING_SINK);
    if (isUndefined(this.#octets, this.position)) {
      this.position += 3;
      return true;
    }
    this.position = start;
    return false;
  }

  #enter(leastOctets: number): void {
    if (++this.#depth > MAX_DEPTH) throw malformed(`it is nested deeper than ${MAX_DEPTH}`);
    if (leastOctets > this.#octets.length - this.position) throw malformed("it ends too early");
  }
}

/** Whether msgpackr's form of undefined stands here: one octet of extension type 0, zero. */
function isUndefined(octets: Uint8Array, at: number): boolean {
  return octets[at] === 0xd4 && octets[at + 1] === 0 && octets[at + 2] === 0;
}

/** A key as text for the place of an error: short text as it is, other kinds as their octets. */
function keyText(octets: Uint8Array, start: number, end: number): string {
  const code = octets[start]!;
  if (code < 0x80) return String(code);
  const key = Buffer.from(octets.buffer, octets.byteOffset + start, end - start);
  if (code >= 0xa0 && code < 0xc0) return key.toString("utf8", 1);
  if (code === 0xd9) return key.toString("utf8", 2);
  return key.subarray(0, 16).toString("hex");
}

function malformed(state: string): MalformedMessage {
  return new MalformedMessage("msgpack", state);
}
