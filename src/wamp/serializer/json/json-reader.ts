/**
 * JSON octets to tokens. Integers keep every digit; a number with a point or an exponent is a float.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";
import { IgnoringSink } from "#wamp/token/ignoring-sink.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { Nesting, UNKNOWN_SLOTS } from "#wamp/token/nesting.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import type { TokenReader } from "#wamp/token/token-reader.ts";
import { MAX_INTEGER_BITS, type TokenSink, UNKNOWN_COUNT } from "#wamp/token/token-sink.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { EXACT_DIGITS, exactDecimal } from "./json-number.ts";
import { isJsonSpace } from "./json-space.ts";
import { appendCodePoint, binaryOf, hexDigit, shortEscape } from "./json-string.ts";
import { unescapedRunEnd } from "./unescaped-run.ts";

const NOTHING = new Uint8Array(0);
/** Stands for the octet after the last; JSON has no use for NUL. */
const END = 0;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST_BEGIN = 0x5b;
const LIST_END = 0x5d;
const MAP_BEGIN = 0x7b;
const MAP_END = 0x7d;
const BACKSLASH = 0x5c;
const REPLACEMENT_CHARACTER = 0xfffd;
/** After so many octets, the end of a string is searched for in larger steps. */
const LONG_TEXT = 32;
const IGNORING_SINK = new IgnoringSink();
const MAX_INTEGER_DIGITS = Math.floor(MAX_INTEGER_BITS * Math.log10(2));

/** Reads JSON (RFC 8259); a string that begins with NUL is binary, as in WAMP. */
export class JsonReader implements TokenReader {
  position = 0;
  #octets: Uint8Array = NOTHING;
  #length = 0;
  readonly #nesting = new Nesting();
  /** Holds a string value whose escapes are resolved. */
  readonly #plain = new OctetBuffer();
  /** Whether an escape of the present string is half of a character. */
  #hasLoneSurrogate = false;

  read(octets: Uint8Array, sink: TokenSink, enclosing = 0): void {
    if (!isUtf8(octets)) throw malformed("it is not UTF-8");
    this.#octets = octets;
    this.#length = octets.length;
    this.position = 0;
    this.#nesting.begin(enclosing);
    try {
      this.#skipSpace();
      this.#value(sink);
      this.#readOpen(sink);
      this.#skipSpace();
      if (this.position !== this.#length) throw malformed("characters follow its end");
    } catch (thrown) {
      if (!(thrown instanceof UnrepresentableValue)) throw thrown;
      throw thrown.below(this.#nesting.leaveAll((start) => this.#keyText(start)));
    } finally {
      this.#octets = NOTHING;
    }
  }

  /** Moves to the next octet that is not white space and returns it, or END. */
  #skipSpace(): number {
    const octets = this.#octets;
    for (let at = this.position; at < this.#length; at++) {
      const octet = octets[at]!;
      if (octet > 0x20 || !isJsonSpace(octet)) {
        this.position = at;
        return octet;
      }
    }
    this.position = this.#length;
    return END;
  }

  /** Reads the value that begins at the position, of a list or map only its begin. */
  #value(sink: TokenSink): void {
    const octet = this.position < this.#length ? this.#octets[this.position]! : END;
    switch (octet) {
      case QUOTE:
        this.#string(sink, false);
        return;
      case LIST_BEGIN:
        this.#nesting.check(sink);
        sink.beginArray(UNKNOWN_COUNT);
        this.#open(false);
        return;
      case MAP_BEGIN:
        this.#nesting.check(sink);
        sink.beginMap(UNKNOWN_COUNT);
        this.#open(true);
        return;
      case 0x74:
        this.#word("true");
        sink.boolean(true);
        return;
      case 0x66:
        this.#word("false");
        sink.boolean(false);
        return;
      case 0x6e:
        this.#word("null");
        sink.nil();
        return;
      default:
        this.#number(sink);
    }
  }

  #word(word: string): void {
    if (this.position + word.length > this.#length) throw this.#unexpected();
    for (let index = 0; index < word.length; index++) {
      if (this.#octets[this.position + index] !== word.charCodeAt(index)) throw this.#unexpected();
    }
    this.position += word.length;
  }

  #open(isMap: boolean): void {
    this.#nesting.open(isMap, UNKNOWN_SLOTS);
    this.position++;
  }

  /** Reads what follows until every open list and map has ended. */
  #readOpen(sink: TokenSink): void {
    const nesting = this.#nesting;
    while (nesting.depth > 0) {
      if (nesting.isMap) this.#pairs(sink, nesting);
      else this.#items(sink, nesting);
    }
  }

  /** Reads the items of a list up to one that is a list or map itself, or to the end. */
  #items(sink: TokenSink, nesting: Nesting): void {
    const { depth } = nesting;
    let { slot } = nesting;
    while (this.#skipSpace() !== LIST_END) {
      if (slot > 0) this.#comma();
      sink.item(slot++);
      nesting.slot = slot;
      this.#value(sink);
      if (nesting.depth !== depth) return;
    }
    this.#end(sink);
  }

  /** Reads the keys and values of a map up to a value that is a list or map, or to the end. */
  #pairs(sink: TokenSink, nesting: Nesting): void {
    const { depth } = nesting;
    let { slot } = nesting;
    while (this.#skipSpace() !== MAP_END) {
      if (slot > 0) this.#comma();
      if (this.#octets[this.position] !== QUOTE) throw this.#unexpected();
      sink.key(slot >> 1);
      nesting.keyStart = this.position;
      nesting.slot = slot + 1;
      this.#string(sink, true);
      slot += 2;
      nesting.slot = slot;
      if (this.#skipSpace() !== COLON) throw this.#unexpected();
      this.position++;
      this.#skipSpace();
      sink.value();
      this.#value(sink);
      if (nesting.depth !== depth) return;
    }
    this.#end(sink);
  }

  /** Moves past a comma, which is due at the position, and the white space behind it. */
  #comma(): void {
    if (this.#octets[this.position] !== COMMA || this.position >= this.#length) {
      throw this.#unexpected();
    }
    this.position++;
    this.#skipSpace();
  }

  #end(sink: TokenSink): void {
    const { isMap, slot } = this.#nesting;
    this.#nesting.leave();
    if (isMap) sink.endMap(slot >> 1, UNKNOWN_COUNT);
    else sink.endArray(slot, UNKNOWN_COUNT);
    this.position++;
  }

  #keyText(start: number): string {
    this.position = start;
    this.#string(IGNORING_SINK, true);
    return JSON.parse(Buffer.from(this.#octets.subarray(start, this.position)).toString());
  }

  #string(sink: TokenSink, isKey: boolean): void {
    const octets = this.#octets;
    const length = this.#length;
    const start = this.position + 1;
    let at = start;
    for (; at < length; at++) {
      if (at - start === LONG_TEXT) at = unescapedRunEnd(octets, at, length);
      const octet = at < length ? octets[at]! : END;
      if (octet === QUOTE) {
        this.position = at + 1;
        sink.text(octets, start, at);
        return;
      }
      if (octet === BACKSLASH) {
        this.#escapedString(sink, isKey, start, at);
        return;
      }
      if (octet < 0x20) break;
    }
    throw this.#brokenString(at);
  }

  /** Reads a string that has its first escape at `firstEscape`. */
  #escapedString(sink: TokenSink, isKey: boolean, start: number, firstEscape: number): void {
    const plain = this.#plain;
    plain.clear();
    this.#hasLoneSurrogate = false;
    let runStart = start;
    let at = firstEscape;
    for (;;) {
      const octet = at < this.#length ? this.#octets[at]! : END;
      if (octet === QUOTE) break;
      if (octet < 0x20) throw this.#brokenString(at);
      if (octet === BACKSLASH) {
        plain.append(this.#octets, runStart, at);
        runStart = this.#escape(at + 1);
        at = runStart;
      } else {
        at++;
      }
    }
    plain.append(this.#octets, runStart, at);
    this.position = at + 1;
    if (this.#hasLoneSurrogate) sink.unrepresentable("a lone surrogate");
    const text = plain.take();
    if (!isKey && text[0] === 0) this.#binary(sink, text);
    else sink.text(text, 0, text.length);
  }

  /** Appends the character of an escape, which goes on after the backslash; returns its end. */
  #escape(at: number): number {
    if (at >= this.#length) throw this.#brokenString(at);
    const letter = this.#octets[at]!;
    if (letter === 0x75) return this.#unicodeEscape(at + 1);
    const code = shortEscape(letter);
    if (code === undefined) throw malformed("a string has an unknown escape");
    appendCodePoint(this.#plain, code);
    return at + 1;
  }

  /** Appends the character of `\uXXXX`, or of two of them, whose digits begin at `at`. */
  #unicodeEscape(at: number): number {
    const code = this.#hex4(at);
    const end = at + 4;
    if ((code & 0xf800) !== 0xd800) {
      appendCodePoint(this.#plain, code);
      return end;
    }
    const low = this.#lowSurrogate(end);
    if (code < 0xdc00 && low >= 0) {
      appendCodePoint(this.#plain, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
      return end + 6;
    }
    this.#hasLoneSurrogate = true;
    appendCodePoint(this.#plain, REPLACEMENT_CHARACTER);
    return end;
  }

  #binary(sink: TokenSink, text: Buffer): void {
    const octets = binaryOf(text);
    if (octets === undefined) {
      sink.unrepresentable("a string that begins with NUL but has no base64 after it");
      sink.text(text, 0, text.length);
      return;
    }
    sink.binary(octets, 0, octets.length);
  }

  #hex4(at: number): number {
    if (at + 4 > this.#length) throw malformed("it ends within a string");
    let code = 0;
    for (let index = at; index < at + 4; index++) {
      const digit = hexDigit(this.#octets[index]!);
      if (digit < 0) throw malformed("a string has an unknown escape");
      code = code * 16 + digit;
    }
    return code;
  }

  /** The low surrogate whose escape begins at `at`, or -1. */
  #lowSurrogate(at: number): number {
    if (this.#octets[at] !== BACKSLASH || this.#octets[at + 1] !== 0x75) return -1;
    const code = this.#hex4(at + 2);
    return (code & 0xfc00) === 0xdc00 ? code : -1;
  }

  #brokenString(at: number): MalformedMessage {
    return malformed(
      at < this.#length ? "a string has a bare control character" : "it ends within a string",
    );
  }

  #number(sink: TokenSink): void {
    const octets = this.#octets;
    const start = this.position;
    const isNegative = octets[start] === 0x2d;
    const digitsStart = isNegative ? start + 1 : start;
    let at = digitsStart;
    let value = 0;
    for (; at < this.#length; at++) {
      const digit = octets[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - digitsStart;
    if (digits === 0) throw this.#unexpected();
    if (digits > 1 && octets[digitsStart] === 0x30) throw malformed("a number begins with 0");
    const next = at < this.#length ? octets[at]! : END;
    if (next === 0x2e || next === 0x65 || next === 0x45) {
      this.#float(sink, at);
      return;
    }
    this.position = at;
    if (digits <= EXACT_DIGITS) {
      if (!isNegative) sink.integer(value);
      else if (value === 0) sink.float(-0);
      else sink.integer(-value);
    } else {
      this.#longInteger(sink, start, at, digits);
    }
  }

  #longInteger(sink: TokenSink, start: number, end: number, digits: number): void {
    if (digits > MAX_INTEGER_DIGITS) {
      sink.unrepresentable(`an integer of more than ${MAX_INTEGER_DIGITS} digits`);
      sink.nil();
      return;
    }
    const value = BigInt(latin1(this.#octets, start, end));
    const short = Number(value);
    if (Number.isSafeInteger(short)) sink.integer(short);
    else sink.bigInteger(value);
  }

  /** Reads a float whose integer digits end at `digitsEnd`. */
  #float(sink: TokenSink, digitsEnd: number): void {
    const start = this.position;
    let at = digitsEnd;
    if (this.#octets[at] === 0x2e) at = this.#digits(at + 1);
    const next = at < this.#length ? this.#octets[at]! : END;
    if (next !== 0x65 && next !== 0x45 && at - start <= EXACT_DIGITS + 1) {
      this.position = at;
      sink.float(exactDecimal(this.#octets, start, digitsEnd, at));
      return;
    }
    if (next === 0x65 || next === 0x45) {
      const sign = this.#octets[at + 1];
      at = this.#digits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
    }
    this.position = at;
    const value = Number(latin1(this.#octets, start, at));
    if (!Number.isFinite(value))
      sink.unrepresentable("a number beyond the range of a 64-bit float");
    sink.float(value);
  }

  /** The end of the digits that begin at `start`, of which there must be one. */
  #digits(start: number): number {
    let at = start;
    while (at < this.#length && this.#octets[at]! >= 0x30 && this.#octets[at]! <= 0x39) at++;
    if (at === start) throw malformed("a number has no digit where one is due");
    return at;
  }

  #unexpected(): MalformedMessage {
    const at = this.position;
    return at < this.#length
      ? malformed(`octet ${at} is not what is due there`)
      : malformed("it ends too early");
  }
}

function latin1(octets: Uint8Array, start: number, end: number): string {
  return Buffer.from(octets.buffer, octets.byteOffset + start, end - start).toString("latin1");
}

function malformed(state: string): MalformedMessage {
  return new MalformedMessage("json", state);
}
