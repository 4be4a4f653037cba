/**
 * Octets of one serializer to octets of another, exactly; the identity where both are the same.
 *
 * @module
 */

import { isAscii, isUtf8 } from "node:buffer";
import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { readers, readMessage, writers } from "#wamp/serializer/serializers.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";

/** Turns a message of one serializer into the message of another. */
export type Transcode = (message: WireMessage) => WireMessage;

/**
 * The transcoder between two serializers; `toText` asks for JSON as a string. JSON that is a string
 * already stays one.
 *
 * What it returns is borrowed until the next message is transcoded. It throws MalformedMessage
 * where the octets are not the language of `from`, UntellableValue where `to` has no word for a
 * value.
 */
export function transcoderFor(
  from: SerializerName,
  to: SerializerName,
  toText: boolean,
): Transcode {
  if (from === to) return toText ? asText : asOctets;
  const name = `${from} ${to} ${toText}`;
  const transcode = transcoders.get(name) ?? makeTranscoder(from, to, toText);
  transcoders.set(name, transcode);
  return transcode;
}

/** One of each for all sessions. */
const transcoders = new Map<string, Transcode>();

function makeTranscoder(from: SerializerName, to: SerializerName, toText: boolean): Transcode {
  const writer = writers[to];
  return (message) => {
    writer.clear();
    readMessage(message, from, writer);
    const octets = writer.out.take();
    return toText ? textOf(octets) : octets;
  };
}

/** One value of any kind in another serializer, in octets that the caller may keep. */
export function transcodeItem(
  octets: Uint8Array,
  from: SerializerName,
  to: SerializerName,
): Uint8Array {
  if (from === to) return new Uint8Array(octets);
  const writer = writers[to];
  writer.clear();
  readers[from].read(octets, writer);
  return new Uint8Array(writer.out.take());
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

/** Text stays text: whoever sends it writes its octets straight into the buffer that goes out. */
function asOctets(message: WireMessage): WireMessage {
  if (typeof message === "string" && !message.isWellFormed()) {
    throw new MalformedMessage("json", "it has a lone surrogate");
  }
  return message;
}

/** A string of valid UTF-8. */
export function textOf(octets: Buffer): string {
  return isAscii(octets) ? octets.latin1Slice() : octets.utf8Slice();
}
