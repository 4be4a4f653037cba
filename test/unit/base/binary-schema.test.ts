/** Binary schemas of FlatBuffers are read whole, or not at all. */

import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import * as fc from "fast-check";
import { readBinarySchema } from "#base/binary-schema.ts";
import { MalformedFlatbuffer } from "#base/flatbuffer-table.ts";

const octets = await Bun.file(resolve(import.meta.dir, "../../fixtures/catalog/shop.bfbs")).bytes();
const schema = readBinarySchema(octets);
const object = (name: string) => schema?.objects.find((one) => one.name === name);
const one = (name: string) => schema?.enums.find((other) => other.name === name);

describe("a schema", () => {
  test("has tables with their fields by id, types, defaults, attributes and comments", () => {
    const order = object("shop.Order");
    expect(order).toMatchObject({ isStruct: false, docs: "<b>An order</b> & its items." });
    expect(order?.fields.map(({ name, type }) => [name, type])).toEqual([
      ["id", "ulong"],
      ["name", "string"],
      ["state", "shop.State (ubyte)"],
      ["place", "shop.Place"],
      ["items", "[shop.Item]"],
      ["picture", "[ubyte]"],
      ["weight", "float"],
      ["old", "int"],
      ["extra_type", "shop.Extra (utype)"],
      ["extra", "shop.Extra (union)"],
    ]);
    expect(order?.fields[1]).toMatchObject({
      id: 1,
      offset: 6,
      isRequired: true,
      docs: "As printed on the bill.",
    });
    expect(order?.fields[2]?.defaultInteger).toBe(3n);
    expect(order?.fields[6]).toMatchObject({
      defaultReal: 1.5,
      attributes: new Map([["unit", "kg"]]),
    });
    expect(order?.fields[7]?.isDeprecated).toBe(true);
  });

  test("has structs with their size", () => {
    const place = object("shop.Place");
    expect(place).toMatchObject({
      isStruct: true,
      minAlign: 8,
      byteSize: 24,
      docs: "Where it goes, in degrees.",
    });
    expect(place?.fields.map(({ type }) => type)).toEqual(["double", "double", "[short:4]"]);
  });

  test("has enumerations, unions and services", () => {
    expect(one("shop.State")).toMatchObject({
      isUnion: false,
      underlyingType: "ubyte",
      values: [
        { name: "open", value: 0n, docs: "It is in the basket." },
        { name: "paid", value: 3n, docs: "" },
      ],
    });
    expect(one("shop.Extra")).toMatchObject({ isUnion: true });
    expect(schema?.services).toMatchObject([
      {
        name: "shop.Orders",
        docs: "Orders.",
        calls: [
          { name: "place", request: "shop.Order", response: "shop.Item", docs: "Takes an order." },
          { name: "find", request: "shop.Item", response: "shop.Order" },
        ],
      },
    ]);
  });
});

test("other octets are none", () => {
  expect(readBinarySchema(new Uint8Array())).toBeNull();
  expect(readBinarySchema(Buffer.from("PK\x03\x04and so on"))).toBeNull();
});

test("damaged octets are read, or refused in one way", async () => {
  const at = fc.nat(octets.length - 1);
  const octet = fc.integer({ min: 0, max: 255 });
  await fc.assert(
    fc.property(at, octet, fc.nat(), (at, by, end) => {
      const damaged = octets.slice(0, end % 3 === 0 ? end % octets.length : octets.length);
      if (at < damaged.length) damaged[at] = by;
      try {
        readBinarySchema(damaged);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(MalformedFlatbuffer);
      }
    }),
    { numRuns: 1000 },
  );
});
