/**
 * The reader and the writer of each serializer, one of each for the whole process.
 *
 * @module
 */

import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import type { TokenReader } from "#wamp/token/token-reader.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";
import { CborReader } from "./cbor/cbor-reader.ts";
import { CborWriter } from "./cbor/cbor-writer.ts";
import { JsonReader } from "./json/json-reader.ts";
import { JsonWriter } from "./json/json-writer.ts";
import { MsgpackReader } from "./msgpack/msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack/msgpack-writer.ts";

/** A token sink that has octets for its result. */
export interface TokenWriter extends TokenSink {
  readonly out: OctetBuffer;
  /** Begins a new value; what came before may have been broken off. */
  clear(): void;
}

const jsonReader = new JsonReader();

/** Readers by serializer; none is used again while it reads. */
export const readers: Readonly<Record<SerializerName, TokenReader>> = {
  json: jsonReader,
  msgpack: new MsgpackReader(),
  cbor: new CborReader(),
};

/** Writers by serializer; what one gives is borrowed until it writes again. */
export const writers: Readonly<Record<SerializerName, TokenWriter>> = {
  json: new JsonWriter(),
  msgpack: new MsgpackWriter(),
  cbor: new CborWriter(),
};

const LONG_TEXT = 256 * 1024;

/** Strings of JSON, as octets. */
const encoded = new OctetBuffer();

/** Reads a message of one serializer, whether it is text or octets. */
export function readMessage(message: WireMessage, from: SerializerName, sink: TokenSink): void {
  if (typeof message !== "string") readers[from].read(message, sink);
  else if (from === "json") readText(message, sink);
  else throw new MalformedMessage(from, "it came as text");
}

function readText(text: string, sink: TokenSink): void {
  if (text.length > LONG_TEXT) {
    const octets = octetsOf(text);
    jsonReader.readUtf8(octets, octets.length, sink);
  } else {
    encode(text);
    jsonReader.readUtf8(encoded.octets, encoded.length, sink);
  }
}

/** The UTF-8 octets of JSON text, borrowed until the next call. */
export function octetsOf(text: string): Buffer {
  if (text.length > LONG_TEXT) {
    // Room for the longest UTF-8 that the text may have is too much to ask for a giant.
    refuseLoneSurrogates(text);
    return Buffer.from(text);
  }
  encode(text);
  return encoded.take();
}

function encode(text: string): void {
  refuseLoneSurrogates(text);
  encoded.clear();
  encoded.reserve(text.length * 3);
  encoded.length = encoded.octets.write(text, 0, "utf8");
}

function refuseLoneSurrogates(text: string): void {
  if (!text.isWellFormed()) throw new MalformedMessage("json", "it has a lone surrogate");
}
