/**
 * `bun bench/transcoders.ts`: this program's transcoders, compared with decoding and encoding by JSON,
 * cbor-x and msgpackr, which lose 1.0, big integers and the order of keys.
 *
 * The packages decode without their native addons: that of cbor-x crashes Bun 1.4.5 in this bench.
 *
 * @module
 */

import { Decoder } from "cbor-x/decode";
import { Encoder } from "cbor-x/encode";
import { bench, run, summary } from "mitata";
import { Packr } from "msgpackr/pack";
import { Unpackr } from "msgpackr/unpack";
import type { WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { transcoderFor } from "#wamp/transcode/transcoder.ts";
import { payloads } from "./payloads.ts";

const cborEncoder = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });
const cborDecoder = new Decoder({ useRecords: false, mapsAsObjects: true });
const packr = new Packr({ useRecords: false, mapsAsObjects: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

const decode: Record<SerializerName, (message: WireMessage) => unknown> = {
  json: (message) => JSON.parse(Buffer.from(message).toString()),
  cbor: (message) => cborDecoder.decode(message as Buffer),
  msgpack: (message) => unpackr.unpack(message as Buffer),
};
const encode: Record<SerializerName, (value: unknown) => WireMessage> = {
  json: (value) => Buffer.from(JSON.stringify(value)),
  cbor: (value) => cborEncoder.encode(value),
  msgpack: (value) => packr.pack(value),
};

const pairs: [SerializerName, SerializerName][] = [
  ["json", "cbor"],
  ["cbor", "json"],
  ["json", "msgpack"],
  ["msgpack", "json"],
  ["msgpack", "cbor"],
  ["cbor", "msgpack"],
];

for (const [name, payload] of Object.entries(payloads)) {
  for (const [from, to] of pairs) {
    const message = Buffer.from(encodeMessage([48, 7, {}, "bench.echo", [payload]], from));
    const transcode = transcoderFor(from, to);
    summary(() => {
      bench(`${name}, ${from} to ${to}: crossproxy`, () => transcode(message)).baseline();
      bench(`${name}, ${from} to ${to}: packages`, () => encode[to](decode[from](message)));
    });
  }
}

await run();
