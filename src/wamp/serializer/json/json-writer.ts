/**
 * Tokens to JSON octets; binary becomes a string of NUL and base64, as in WAMP.
 *
 * @module
 */

import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { unescapedRunEnd } from "./unescaped-run.ts";

const QUOTE = 0x22;
/** Longer text is copied natively up to its first escape. */
const LONG_TEXT = 48;
const BACKSLASH = 0x5c;
const HEX = "0123456789abcdef";
/** The letter of a control character's short escape, by its code. */
const SHORT_ESCAPES = new Map([
  [8, "b"],
  [9, "t"],
  [10, "n"],
  [12, "f"],
  [13, "r"],
]);
/** How each octet is escaped in a string; empty when it needs no escape. */
const ESCAPES = Array.from({ length: 256 }, (_, octet) => {
  if (octet === QUOTE) return '\\"';
  if (octet === BACKSLASH) return "\\\\";
  if (octet >= 0x20) return "";
  const letter = SHORT_ESCAPES.get(octet);
  return letter === undefined ? `\\u00${HEX[octet >> 4]}${HEX[octet & 15]}` : `\\${letter}`;
});
const NEEDS_ESCAPE = Uint8Array.from(ESCAPES, (escaped) => (escaped === "" ? 0 : 1));

/** Writes JSON without white space and without optional escapes. */
export class JsonWriter implements TokenWriter {
  readonly out = new OctetBuffer();
  #isKey = false;
  /** Where the keys of all open maps begin. */
  #keyStarts: number[] = [];
  /** For each open map, how many keys came before it, and whether it has an integer key. */
  #keysBefore: number[] = [];
  #hasIntegerKeys: boolean[] = [];

  clear(): void {
    this.out.clear();
    this.#isKey = false;
    // A message with many keys leaves a long list behind.
    if (this.#keyStarts.length > 0) this.#keyStarts = [];
    this.#keysBefore.length = 0;
    this.#hasIntegerKeys.length = 0;
  }

  beginArray(): void {
    this.#refuseKey("a list");
    this.out.appendOctet(0x5b);
  }

  item(index: number): void {
    if (index > 0) this.out.appendOctet(0x2c);
  }

  endArray(): void {
    this.out.appendOctet(0x5d);
  }

  beginMap(): void {
    this.#refuseKey("a map");
    this.#keysBefore.push(this.#keyStarts.length);
    this.#hasIntegerKeys.push(false);
    this.out.appendOctet(0x7b);
  }

  key(index: number): void {
    if (index > 0) this.out.appendOctet(0x2c);
    this.#isKey = true;
    this.#keyStarts.push(this.out.length);
  }

  value(): void {
    this.#isKey = false;
    this.out.appendOctet(0x3a);
  }

  endMap(): void {
    this.out.appendOctet(0x7d);
    const before = this.#keysBefore.pop()!;
    if (this.#hasIntegerKeys.pop()) {
      refuseCollidingKeys(this.out.octets, this.#keyStarts.slice(before));
    }
    this.#keyStarts.length = before;
  }

  nil(): void {
    this.#refuseKey("null");
    this.out.appendAscii("null");
  }

  boolean(value: boolean): void {
    this.#refuseKey("a boolean");
    this.out.appendAscii(value ? "true" : "false");
  }

  integer(value: number): void {
    if (this.#isKey) this.#integerKey(String(value));
    else if (value >= 0) this.out.appendDigits(value);
    else this.out.appendAscii(String(value));
  }

  bigInteger(value: bigint): void {
    if (this.#isKey) this.#integerKey(String(value));
    else this.out.appendAscii(String(value));
  }

  float(value: number): void {
    this.#refuseKey("a float");
    if (!Number.isFinite(value)) throw new UnrepresentableValue(`${value} in JSON`);
    if (Object.is(value, -0)) {
      this.out.appendAscii("-0.0");
      return;
    }
    const digits = String(value);
    const readsAsInteger = Number.isInteger(value) && !digits.includes("e");
    this.out.appendAscii(readsAsInteger ? `${digits}.0` : digits);
  }

  text(source: Uint8Array, start: number, end: number): void {
    if (!this.#isKey && start < end && source[start] === 0) {
      throw new UnrepresentableValue(
        "text that begins with NUL in JSON, where it would mean binary",
      );
    }
    const out = this.out;
    out.reserve(end - start + 2);
    let octets = out.octets;
    let at = out.length;
    octets[at++] = QUOTE;
    let first = start;
    if (end - start > LONG_TEXT) {
      first = unescapedRunEnd(source, start, end);
      Buffer.prototype.copy.call(source, octets, at, start, first);
      at += first - start;
    }
    for (let from = first; from < end; from++) {
      const octet = source[from]!;
      if (NEEDS_ESCAPE[octet] === 0) {
        octets[at++] = octet;
        continue;
      }
      const escaped = ESCAPES[octet]!;
      out.length = at;
      out.reserve(escaped.length + end - from);
      octets = out.octets;
      for (let index = 0; index < escaped.length; index++) octets[at++] = escaped.charCodeAt(index);
    }
    octets[at++] = QUOTE;
    out.length = at;
  }

  binary(source: Uint8Array, start: number, end: number): void {
    this.#refuseKey("binary");
    const base64 = Buffer.from(source.buffer, source.byteOffset + start, end - start).toString(
      "base64",
    );
    const out = this.out;
    out.appendAscii('"\\u0000');
    out.reserve(base64.length + 1);
    out.length += out.octets.write(base64, out.length, "latin1");
    this.out.appendOctet(QUOTE);
  }

  unrepresentable(what: string): void {
    throw new UnrepresentableValue(`${what} in JSON`);
  }

  #integerKey(digits: string): void {
    this.#hasIntegerKeys[this.#hasIntegerKeys.length - 1] = true;
    this.out.appendAscii(`"${digits}"`);
  }

  #refuseKey(kind: string): void {
    if (this.#isKey) throw new UnrepresentableValue(`${kind} as a key in JSON`);
  }
}

/** Refuses a map in which an integer key has the same text as another; `starts`: where its keys begin. */
function refuseCollidingKeys(json: Buffer, starts: readonly number[]): void {
  const seen = new Set<string>();
  for (const start of starts) {
    let end = start + 1;
    for (; json[end] !== QUOTE; end++) if (json[end] === BACKSLASH) end++;
    const key = json.toString("latin1", start + 1, end);
    if (seen.has(key) && /^(0|-?[1-9]\d*)$/.test(key)) {
      throw new UnrepresentableValue(`a map in JSON that has the key ${key} twice`);
    }
    seen.add(key);
  }
}
