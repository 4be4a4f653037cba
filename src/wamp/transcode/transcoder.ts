/**
 * Transcoders: octets of one serializer to octets of another, without loss.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { transcodeLong, wasmTranscoder } from "./wasm-transcoder.ts";

/**
 * Turns a message of one serializer into the message of another, or a value that `enclosing` lists and
 * maps contain in its message.
 */
export type Transcode = (message: WireMessage, enclosing?: number) => WireMessage;

/**
 * The transcoder between two serializers. Between equal serializers a message is returned as it is.
 *
 * The result is valid until the next message is transcoded. A transcoder throws MalformedMessage
 * when the message is not in `from`, UnrepresentableValue when `to` cannot represent a value of it.
 */
export function transcoderFor(from: SerializerName, to: SerializerName): Transcode {
  if (from === to) return asIs;
  const name = `${from} ${to}`;
  const transcode = transcoders.get(name) ?? makeTranscoder(from, to);
  transcoders.set(name, transcode);
  return transcode;
}

/** The transcoders so far, which all sessions share. */
const transcoders = new Map<string, Transcode>();

function makeTranscoder(from: SerializerName, to: SerializerName): Transcode {
  const exact = exactTranscoder(from, to);
  const fast = wasmTranscoder(from, to);
  return (message, enclosing) => fast?.(message) ?? exact(message, enclosing);
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
    reader.read(message, writer, enclosing);
    return writer.out.take();
  };
}

/** One item of a message in another serializer; the caller may keep the octets. */
export function transcodeItem(
  octets: Uint8Array,
  from: SerializerName,
  to: SerializerName,
): Uint8Array {
  return new Uint8Array(transcoderFor(from, to)(octets, 1));
}

/** A long message, or an item of one, in another serializer; valid until the next one. It takes memory: `releaseLongMemory`. */
export function transcodeLongMessage(
  octets: Uint8Array,
  from: SerializerName,
  to: SerializerName,
  enclosing?: number,
): Buffer {
  return transcodeLong(octets, from, to) ?? exactTranscoder(from, to)(octets, enclosing);
}

function asIs(message: WireMessage): WireMessage {
  return message;
}
