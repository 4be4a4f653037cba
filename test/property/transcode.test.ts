import { describe, expect, test } from "bun:test";
import { decode as decodeCbor, encode as encodeCbor } from "cbor-x";
import fc from "fast-check";
import { pack, unpack } from "msgpackr";
import { SERIALIZER_NAMES } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { transcodeItem } from "#wamp/transcode/transcoder.ts";

/** JSON exactly as the writer writes it, so that octets can be compared. */
const json = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("null", "true", "false", "-0.0", "1.0", "100000.0"),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(String),
    fc.integer().map(String),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((float) => !Number.isInteger(float))
      .map(String),
    fc
      .string({ unit: "binary" })
      .filter((text) => !text.startsWith("\0"))
      .map((text) => JSON.stringify(text)),
    fc.uint8Array({ maxLength: 300 }).map((octets) => `"\\u0000${octets.toBase64()}"`),
    fc.array(tie("value"), { maxLength: 40 }).map((items) => `[${items.join(",")}]`),
    fc
      .array(fc.tuple(fc.string({ unit: "binary" }), tie("value")), { maxLength: 30 })
      .map(
        (pairs) => `{${pairs.map(([key, item]) => `${JSON.stringify(key)}:${item}`).join(",")}}`,
      ),
  ),
})).value;

function transcode(
  octets: Uint8Array,
  ...path: readonly (typeof SERIALIZER_NAMES)[number][]
): Uint8Array {
  return path.slice(1).reduce((item, to, index) => transcodeItem(item, path[index]!, to), octets);
}

/** Bigints as numbers, because both packages read every integer of 64 bits as a bigint. */
function withNumbers(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? Number(item) : item,
  );
  return JSON.parse(text);
}

describe("transcodeItem", () => {
  test("returns the same octets after every round trip", () => {
    fc.assert(
      fc.property(json, (text) => {
        const octets = Buffer.from(text);
        expect(Buffer.from(transcode(octets, "json", "cbor", "json")).toString()).toBe(text);
        expect(Buffer.from(transcode(octets, "json", "msgpack", "json")).toString()).toBe(text);
        expect(Buffer.from(transcode(octets, "json", "cbor", "msgpack", "json")).toString()).toBe(
          text,
        );
        expect(Buffer.from(transcode(octets, "json", "msgpack", "cbor", "json")).toString()).toBe(
          text,
        );
      }),
      { numRuns: 500 },
    );
  });

  test("agrees with cbor-x, msgpackr and JSON.parse", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        if (text.includes("__proto__") || text.includes('"\\u0000') || text.includes("\\ud"))
          return;
        // A float that JSON.stringify writes as an integer beyond 64 bits.
        if (/\d{19}/.test(text)) return;
        const octets = Buffer.from(text);
        const plain: unknown = JSON.parse(text);
        expect(withNumbers(decodeCbor(transcode(octets, "json", "cbor")))).toEqual(plain);
        expect(withNumbers(unpack(transcode(octets, "json", "msgpack")))).toEqual(plain);
        expect(
          JSON.parse(Buffer.from(transcode(encodeCbor(plain), "cbor", "json")).toString()),
        ).toEqual(plain);
        expect(
          JSON.parse(Buffer.from(transcode(pack(plain), "msgpack", "json")).toString()),
        ).toEqual(plain);
      }),
      { numRuns: 500 },
    );
  });

  test("throws only its two classes, whatever the octets", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .string({ unit: fc.constantFrom(...'[]{},:"\\u0d8-+.eE19 tfn\0') })
        .map((text) => Buffer.from(text)),
      fc
        .tuple(
          json,
          fc.nat(),
          fc.integer({ min: 0, max: 255 }),
          fc.constantFrom(...SERIALIZER_NAMES),
        )
        .map(([text, place, octet, to]) => {
          const broken = new Uint8Array(transcodeItem(Buffer.from(text), "json", to));
          broken[place % broken.length] = octet;
          return broken;
        }),
    );
    fc.assert(
      fc.property(
        noise,
        fc.constantFrom(...SERIALIZER_NAMES),
        fc.constantFrom(...SERIALIZER_NAMES),
        (octets, from, to) => {
          try {
            transcodeItem(octets, from, to);
          } catch (error) {
            if (!(error instanceof MalformedMessage || error instanceof UnrepresentableValue))
              throw error;
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});
