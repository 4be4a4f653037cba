/** The tokens that a reader passes to its sink, as a line: `[2 @0 int:1 @1 text:a ]2`. */

import type { TokenReader } from "#wamp/token/token-reader.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";
import { utf8 } from "./utf8.ts";

/** Collects tokens as words; `clear` is left out for a sink that builds nothing. */
export class TokenLog implements TokenSink {
  readonly words: string[] = [];

  beginArray(count: number) {
    this.words.push(`[${count}`);
  }
  item(index: number) {
    this.words.push(`@${index}`);
  }
  endArray(count: number, announced: number) {
    this.words.push(`]${count}/${announced}`);
  }
  beginMap(count: number) {
    this.words.push(`{${count}`);
  }
  key(index: number) {
    this.words.push(`key${index}`);
  }
  value() {
    this.words.push("=");
  }
  endMap(count: number, announced: number) {
    this.words.push(`}${count}/${announced}`);
  }
  nil() {
    this.words.push("nil");
  }
  boolean(value: boolean) {
    this.words.push(String(value));
  }
  integer(value: number) {
    this.words.push(`int:${value}`);
  }
  bigInteger(value: bigint) {
    this.words.push(`big:${value}`);
  }
  float(value: number) {
    this.words.push(`float:${Object.is(value, -0) ? "-0" : value}`);
  }
  text(octets: Uint8Array, start: number, end: number) {
    this.words.push(`text:${Buffer.from(octets.subarray(start, end)).toString()}`);
  }
  binary(octets: Uint8Array, start: number, end: number) {
    this.words.push(`binary:${octets.subarray(start, end).toHex()}`);
  }
  unrepresentable(what: string) {
    this.words.push(`unrepresentable:${what}`);
  }
}

/** A log that can begin again, as a sink that builds something can. */
class ClearedTokenLog extends TokenLog {
  clear() {
    this.words.length = 0;
  }
}

/** The tokens of octets, for a sink that can be cleared unless `canClear` is false. */
export function tokensOf(reader: TokenReader, message: Uint8Array | string, canClear = true) {
  const log = canClear ? new ClearedTokenLog() : new TokenLog();
  reader.read(utf8(message), log);
  return log.words.join(" ");
}

/** Octets that are written in hexadecimal, with spaces where they help the eye. */
export function octetsOf(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex.replaceAll(" ", ""));
}

/** What a writer writes for these calls, in hexadecimal. */
export function written(writer: TokenWriter, write: (writer: TokenWriter) => void): string {
  writer.clear();
  write(writer);
  return writer.out.take().toString("hex");
}
