/** Arbitrary serialized values: every spelling of JSON, CBOR and MsgPack, and octets that are broken. */

import fc from "fast-check";
import type { SerializerName } from "#wamp/serializer-name.ts";

type Octets = fc.Arbitrary<Buffer>;

const text = fc.string({ unit: "binary", maxLength: 40 });
const space = fc.constantFrom("", "", "", " ", "\n\t", "\r ");

/** JSON with white space, escapes, exponents and long numbers. */
const json = fc
  .letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom("null", "true", "false", "-0", "0", "-0.0", "1e5", "1E-7", "2.50", "1e400"),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
      fc.integer().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.tuple(fc.integer(), fc.nat(99_999)).map(([whole, part]) => `${whole}.${part}`),
      text.map((one) => JSON.stringify(one)),
      text.map((one) => `"${[...one].map(escaped).join("")}"`),
      fc.uint8Array({ maxLength: 40 }).map((octets) => `"\\u0000${octets.toBase64()}"`),
      fc
        .array(fc.tuple(space, tie("value"), space), { maxLength: 40 })
        .map((items) => `[${items.map((item) => item.join("")).join(",")}]`),
      fc
        .array(fc.tuple(text, space, tie("value")), { maxLength: 30 })
        .map(
          (pairs) =>
            `{${pairs.map(([key, gap, one]) => `${JSON.stringify(key)}${gap}:${gap}${one}`).join()}}`,
        ),
    ),
  }))
  .value.map((one) => Buffer.from(one));

/** An escape of four digits for each UTF-16 unit of a character. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** A number of so many octets. */
const unsigned = (octets: number) =>
  fc.bigInt({ min: 0n, max: 2n ** BigInt(8 * octets) - 1n }).map((value) => {
    const digits = value.toString(16).padStart(2 * octets, "0");
    return Buffer.from(digits, "hex");
  });

/** A first octet and a number behind it. */
const coded = (code: number, octets: number): Octets =>
  unsigned(octets).map((number) => Buffer.concat([Buffer.from([code]), number]));

/** A count in a head of CBOR, in a spelling that may be longer than necessary. */
function cborHead(major: number, count: number, width: number): Buffer {
  const widths = [0, 1, 2, 4, 8].filter((octets) => count < (octets === 0 ? 24 : 256 ** octets));
  const octets = widths[Math.min(width, widths.length - 1)] ?? 8;
  if (octets === 0) return Buffer.from([(major << 5) | count]);
  const head = Buffer.alloc(1 + octets);
  head[0] = (major << 5) | (24 + Math.log2(octets));
  head.writeUIntBE(count, 1 + Math.max(0, octets - 6), Math.min(octets, 6));
  return head;
}

const width = fc.constantFrom(0, 0, 0, 1, 2, 4);

const cbor = fc.letrec<{ value: Buffer }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc
      .constantFrom("f4", "f5", "f6", "f7", "f97e00", "f93c00", "f90001", "c249010000000000000000")
      .map((hex) => Buffer.from(hex, "hex")),
    fc.nat(0x17).map((value) => Buffer.from([value])),
    fc.nat(0x17).map((value) => Buffer.from([0x20 | value])),
    ...[1, 2, 4, 8].flatMap((octets) =>
      [0x18, 0x38].map((code) => coded(code + Math.log2(octets), octets)),
    ),
    coded(0xfa, 4),
    coded(0xfb, 8),
    fc.tuple(text, width).map(([one, wide]) => {
      const octets = Buffer.from(one);
      return Buffer.concat([cborHead(3, octets.length, wide), octets]);
    }),
    fc
      .tuple(fc.uint8Array({ maxLength: 40 }), width)
      .map(([octets, wide]) => Buffer.concat([cborHead(2, octets.length, wide), octets])),
    fc
      .tuple(fc.array(tie("value"), { maxLength: 30 }), width)
      .map(([items, wide]) => Buffer.concat([cborHead(4, items.length, wide), ...items])),
    fc
      .tuple(fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 30 }), width)
      .map(([pairs, wide]) => Buffer.concat([cborHead(5, pairs.length, wide), ...pairs.flat()])),
    fc
      .array(tie("value"), { maxLength: 5 })
      .map((items) => Buffer.concat([Buffer.from([0x9f]), ...items, Buffer.from([0xff])])),
  ),
})).value;

/** A count behind a code of MsgPack, in a spelling that may be longer than necessary. */
function msgpackHead(
  count: number,
  fixed: number,
  fixedLimit: number,
  codes: number[],
  wide: number,
) {
  const heads = codes.map((code, index) => ({ code, octets: 2 ** (index + 3 - codes.length) }));
  const fitting = heads.filter(({ octets }) => count < 256 ** octets);
  if (wide === 0 && count < fixedLimit) return Buffer.from([fixed | count]);
  const { code, octets } = fitting[Math.min(wide, fitting.length - 1)] as (typeof heads)[number];
  const head = Buffer.alloc(1 + octets);
  head[0] = code;
  head.writeUIntBE(count, 1, octets);
  return head;
}

const msgpack = fc.letrec<{ value: Buffer }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc
      .constantFrom("c0", "c2", "c3", "c1", "d40000", "d6ff00000000")
      .map((hex) => Buffer.from(hex, "hex")),
    fc.nat(0x7f).map((value) => Buffer.from([value])),
    fc.nat(0x1f).map((value) => Buffer.from([0xe0 | value])),
    ...[1, 2, 4, 8].flatMap((octets) =>
      [0xcc, 0xd0].map((code) => coded(code + Math.log2(octets), octets)),
    ),
    coded(0xca, 4),
    coded(0xcb, 8),
    fc.tuple(text, width).map(([one, wide]) => {
      const octets = Buffer.from(one);
      return Buffer.concat([
        msgpackHead(octets.length, 0xa0, 32, [0xd9, 0xda, 0xdb], wide),
        octets,
      ]);
    }),
    fc
      .tuple(fc.uint8Array({ maxLength: 40 }), width)
      .map(([octets, wide]) =>
        Buffer.concat([msgpackHead(octets.length, 0, 0, [0xc4, 0xc5, 0xc6], wide), octets]),
      ),
    fc
      .tuple(fc.array(tie("value"), { maxLength: 30 }), width)
      .map(([items, wide]) =>
        Buffer.concat([msgpackHead(items.length, 0x90, 16, [0xdc, 0xdd], wide), ...items]),
      ),
    fc
      .tuple(fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 30 }), width)
      .map(([pairs, wide]) =>
        Buffer.concat([msgpackHead(pairs.length, 0x80, 16, [0xde, 0xdf], wide), ...pairs.flat()]),
      ),
  ),
})).value;

const sound: Record<SerializerName, Octets> = { json, cbor, msgpack };

/** Serialized values, some of them broken: cut off, with an octet too many, or with another octet. */
export function serializedValues(serializer: SerializerName): Octets {
  const value = sound[serializer];
  return fc.oneof(
    { weight: 4, arbitrary: value },
    fc.tuple(value, fc.nat(), fc.nat(255)).map(([octets, place, octet]) => {
      const broken = Buffer.from(octets);
      broken[place % broken.length] = octet;
      return broken;
    }),
    fc.tuple(value, fc.nat()).map(([octets, place]) => octets.subarray(0, place % octets.length)),
    fc
      .tuple(value, fc.uint8Array({ minLength: 1, maxLength: 3 }))
      .map((parts) => Buffer.concat(parts)),
    fc.uint8Array({ maxLength: 60 }).map((octets) => Buffer.from(octets)),
  );
}
