/** The edges of the transcoders in WebAssembly; test/property compares them with readers and writers. */

import { describe, expect, test } from "bun:test";
import { SERIALIZER_NAMES, type SerializerName } from "#wamp/serializer-name.ts";
import { exactTranscoder } from "#wamp/transcode/transcoder.ts";
import {
  releaseLongMemory,
  transcodeLong,
  wasmTranscoder,
} from "#wamp/transcode/wasm-transcoder.ts";

const transcode = (from: SerializerName, to: SerializerName) => wasmTranscoder(from, to)!;
const octets = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

const PAIRS = SERIALIZER_NAMES.flatMap((from) =>
  SERIALIZER_NAMES.filter((to) => to !== from).map((to) => [from, to] as const),
);

test("there is none between equal serializers", () => {
  expect(wasmTranscoder("cbor", "cbor")).toBeUndefined();
});

describe("a message is taken up to", () => {
  const text = (length: number) => Buffer.from(JSON.stringify(["x".repeat(length - 4)]));

  test("256 KiB", () => {
    const limit = 256 * 1024;
    expect(transcode("json", "cbor")(text(limit))?.length).toBe(limit - 4 + 6);
    expect(transcode("json", "cbor")(text(limit + 1))).toBeUndefined();
    // The message before is not taken instead.
    expect(transcode("cbor", "json")(octets("01"))?.toString()).toBe("1");
    expect(transcode("cbor", "json")(Buffer.alloc(limit + 1))).toBeUndefined();
  });

  test("1 MiB of what it becomes", () => {
    // Each control character takes six octets in JSON.
    const controls = (count: number) =>
      Buffer.concat([octets("7a"), uint32(count), Buffer.alloc(count, 1)]);
    expect(transcode("cbor", "json")(controls(174_700))?.length).toBe(174_700 * 6 + 2);
    expect(transcode("cbor", "json")(controls(175_000))).toBeUndefined();
    const floats = Buffer.from(`[${"0.5,".repeat(60_000)}1]`);
    expect(transcode("json", "msgpack")(floats)?.length).toBe(60_000 * 9 + 1 + 3);
  });

  test("128 levels", () => {
    const nested = (depth: number) => Buffer.from("[".repeat(depth) + "]".repeat(depth));
    expect(transcode("json", "cbor")(nested(128))?.toString("hex")).toBe(`${"81".repeat(127)}80`);
    expect(transcode("json", "cbor")(nested(129))).toBeUndefined();
    expect(transcode("cbor", "json")(octets(`${"81".repeat(127)}80`))?.length).toBe(256);
    expect(transcode("cbor", "json")(octets(`${"81".repeat(128)}80`))).toBeUndefined();
    expect(transcode("msgpack", "json")(octets(`${"91".repeat(127)}90`))?.length).toBe(256);
    expect(transcode("msgpack", "json")(octets(`${"91".repeat(128)}90`))).toBeUndefined();
  });
});

describe("a long message", () => {
  const item = '{"id":123456,"name":"Gr\u00fc\u00dfe","price":1.25,"tags":[true,null,-1]}';
  const contents: [name: string, json: string][] = [
    ["a text", `["${"é\\n".repeat(100_000)}"]`],
    ["maps", `[${Array(6_000).fill(item)}]`],
    ["lists of lists", `[${Array(80_000).fill("[[],[1]]")}]`],
    ["control characters", `["${"\\u0001".repeat(300_000)}"]`],
  ];
  test.each(contents)("of %s is what reader and writer give", (_name, json) => {
    for (const [from, to] of PAIRS) {
      const message = new Uint8Array(exactTranscoder("json", from)(Buffer.from(json)));
      expect(message.length).toBeGreaterThan(256 * 1024);
      const fast = transcodeLong(message, from, to);
      // Control characters take six times as much in JSON.
      if (to !== "json") expect(fast).toBeDefined();
      if (fast) expect(Buffer.compare(fast, exactTranscoder(from, to)(message))).toBe(0);
    }
  });

  test("that is malformed is refused, and the next one is not", () => {
    const text = Buffer.from(`["${"x".repeat(300_000)}"]`);
    expect(transcodeLong(text.subarray(0, -2), "json", "cbor")).toBeUndefined();
    expect(transcodeLong(text, "json", "cbor")?.length).toBe(300_006);
    expect(transcodeLong(octets("01"), "cbor", "json")?.toString()).toBe("1");
  });

  test("has its memory taken anew when it was released, or is too small", () => {
    const memoryFor = (length: number) =>
      transcodeLong(Buffer.from(JSON.stringify("x".repeat(length))), "json", "cbor")?.buffer;
    releaseLongMemory();
    const first = memoryFor(300_000);
    expect(memoryFor(400_000) === first).toBe(true);
    const longer = memoryFor(600_000);
    expect([longer === first, memoryFor(300_000) === longer]).toEqual([false, true]);
    releaseLongMemory();
    expect(memoryFor(300_000) === longer).toBe(false);
  });
});

/** The octets of the message before stand behind a shorter one, and must not become part of it. */
describe("a message that is cut off is refused", () => {
  test.each<[SerializerName, SerializerName, Buffer]>([
    [
      "json",
      "cbor",
      Buffer.from('[48,12.5e3,{"a":true,"b":false},"\\ud83d\\ude00\\u00e4ä€😀",null,-7]'),
    ],
    [
      "cbor",
      "json",
      octets(
        "88 1830 191234 1a12345678 1b0012345678123456 fa3fc00000 fb3ff8000000000000 a1616166c3a4e282ac78 f5",
      ),
    ],
    ["cbor", "msgpack", octets("85 1830 43010203 6363c3a4 a201020304 fb3ff8000000000000")],
    [
      "msgpack",
      "cbor",
      octets(
        "98 30 cd1234 ce12345678 cf0012345678123456 ca3fc00000 cb3ff8000000000000 81a161a5c3a4e282ac c403010203",
      ),
    ],
    [
      "msgpack",
      "json",
      octets("97 30 d17fff d2ffffffff d3ffffffffffffffff da0003616263 dc0001c3 de0001a16101"),
    ],
  ])("from %s to %s", (from, to, whole) => {
    const run = transcode(from, to);
    for (let length = 0; length < whole.length; length++) {
      run(whole);
      expect(run(whole.subarray(0, length))).toBeUndefined();
    }
  });
});

/** Texts of up to 16 octets, which are read at once with what follows them, and longer ones. */
describe("a text of 1 to 34 characters, with neighbors, is what reader and writer give", () => {
  test.each(["x", "é", "€", "😀", '"', "\\", "\u0001", "\u007f", "\0"])(
    "with %j anywhere",
    (odd) => {
      for (let length = 1; length <= 34; length++) {
        for (let at = 0; at < length; at++) {
          const text = "a".repeat(at) + odd + "b".repeat(length - 1 - at);
          // NUL at the begin of a text of JSON says that it is binary.
          if (text.startsWith("\0")) continue;
          const value = JSON.stringify([text, { [text]: 1 }, "é", "x".repeat(length), '"', 7]);
          for (const [from, to] of PAIRS) expectSame(Buffer.from(value), from, to);
        }
      }
    },
  );
});

/** Compares both transcoders for a value in JSON. */
function expectSame(json: Buffer, from: SerializerName, to: SerializerName): void {
  const exact = (octets: Uint8Array, one: SerializerName, other: SerializerName) =>
    one === other ? octets : new Uint8Array(exactTranscoder(one, other)(octets));
  const message = exact(json, "json", from);
  expect(transcode(from, to)(message)).toEqual(Buffer.from(exact(message, from, to)));
}

test("a long text is checked to its end", () => {
  const long = Buffer.from("é".repeat(100)).toString("hex");
  expect(transcode("cbor", "json")(octets(`78c8 ${long}`))?.toString()).toBe(
    `"${"é".repeat(100)}"`,
  );
  expect(transcode("cbor", "json")(octets(`78c8 ${long.slice(0, -2)}c3`))).toBeUndefined();
});

test.each([
  "0.1",
  "-1e-7",
  "5e-324",
  "123456789012345678.5",
  "0.1000000000000000055511151231257827",
  "1.7976931348623157e308",
])("the decimal %s becomes the nearest float", (decimal) => {
  const float = Buffer.alloc(9);
  float[0] = 0xfb;
  float.writeDoubleBE(Number(decimal), 1);
  expect(transcode("json", "cbor")(Buffer.from(decimal))).toEqual(float);
});

test.each([
  [0.1, "0.1"],
  [1, "1.0"],
  [-0, "-0.0"],
  [-12.25, "-12.25"],
  [0.000001, "0.000001"],
  [1e-7, "1e-7"],
  [0.57, "0.57"],
  [1234567.891234, "1234567.891234"],
  [0.1234567, "0.1234567"],
  [123456789012345.6, "123456789012345.6"],
  [999999999999999.9, "999999999999999.9"],
  [1e15, "1000000000000000.0"],
  [2 ** 53, "9007199254740992.0"],
  [-1e20, "-100000000000000000000.0"],
  [1e21, "1e+21"],
  [-1.5e300, "-1.5e+300"],
  [5e-324, "5e-324"],
])("the float %p becomes %s", (value, json) => {
  const float = Buffer.alloc(9);
  float[0] = 0xfb;
  float.writeDoubleBE(value, 1);
  expect(transcode("cbor", "json")(float)?.toString()).toBe(json);
});

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}
