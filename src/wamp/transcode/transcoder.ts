/**
 * Transcoders: octets of one serializer to octets of another, without loss.
 *
 * @module
 */

import { isAscii, isUtf8 } from "node:buffer";
import type { WireMessage } from "#wamp/peer.ts";
import { checkSurrogates } from "#wamp/serializer/json/json-text.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { wasmTranscoder } from "./wasm-transcoder.ts";

/**
 * Turns a message of one serializer into the message of another, or a value that `enclosing` lists and
 * maps contain in its message.
 */
export type Transcode = (message: WireMessage, enclosing?: number) => WireMessage;

/**
 * The transcoder between two serializers; `toText` asks for JSON as a string. Between equal
 * serializers a message is returned as it is, except that octets of JSON become a string when
 * `toText` asks for it.
 *
 * The result is valid until the next message is transcoded. A transcoder throws MalformedMessage
 * when the message is not in `from`, UnrepresentableValue when `to` cannot represent a value of it.
 */
export function transcoderFor(
  from: SerializerName,
  to: SerializerName,
  toText: boolean,
): Transcode {
  if (from === to) return toText ? asText : asIs;
  const name = `${from} ${to} ${toText}`;
  const transcode = transcoders.get(name) ?? makeTranscoder(from, to, toText);
  transcoders.set(name, transcode);
  return transcode;
}

/** The transcoders so far, which all sessions share. */
const transcoders = new Map<string, Transcode>();

function makeTranscoder(from: SerializerName, to: SerializerName, toText: boolean): Transcode {
  const exact = exactTranscoder(from, to);
  const fast = wasmTranscoder(from, to);
  return (message, enclosing) => {
    const octets = fast?.(message) ?? exact(message, enclosing);
    return toText ? textOf(octets) : octets;
  };
}

/** The transcoder of reader and writer, which defines what every message means. */
export function exactTranscoder(
  from: SerializerName,
  to: SerializerName,
): (message: WireMessage, enclosing?: number) => Buffer {
  const { reader } = serializers[from];
  const { writer } = serializers[to];
  return (message, enclosing) => {
    writer.clear();
    if (typeof message === "string") reader.readText(message, writer);
    else reader.read(message, writer, enclosing);
    return writer.out.take();
  };
}

/** One item of a message in another serializer; the caller may keep the octets. */
export function transcodeItem(
  octets: Uint8Array,
  from: SerializerName,
  to: SerializerName,
): Uint8Array {
  return new Uint8Array(transcoderFor(from, to, false)(octets, 1) as Uint8Array);
}

function asText(message: WireMessage): WireMessage {
  if (typeof message === "string") return message;
  const octets = Buffer.isBuffer(message)
    ? message
    : Buffer.from(message.buffer, message.byteOffset, message.length);
  if (isAscii(octets)) return octets.latin1Slice();
  if (!isUtf8(octets)) throw new MalformedMessage("json", "it is not UTF-8");
  return octets.utf8Slice();
}

/** A string stays one: the peer that sends it writes its UTF-8 directly into its output buffer. */
function asIs(message: WireMessage): WireMessage {
  if (typeof message === "string") checkSurrogates(message);
  return message;
}

/** A string of valid UTF-8. */
export function textOf(octets: Buffer): string {
  return isAscii(octets) ? octets.latin1Slice() : octets.utf8Slice();
}
