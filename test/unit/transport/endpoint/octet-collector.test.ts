import { expect, test } from "bun:test";
import { OctetCollector } from "#transport/endpoint/octet-collector.ts";

test("joins pieces of any size, which are borrowed", () => {
  const collector = new OctetCollector();
  const piece = Buffer.from("ab");
  collector.append(piece);
  piece.fill("x");
  collector.append(new Uint8Array(0));
  for (const octet of "cdefg") collector.append(Buffer.from(octet));
  expect([collector.octets.toString(), collector.length]).toEqual(["abcdefg", 7]);
  collector.append(Buffer.alloc(100_000, "z"));
  expect(collector.octets.toString() === `abcdefg${"z".repeat(100_000)}`).toBe(true);
});

test("has nothing at first", () => {
  const collector = new OctetCollector();
  expect([collector.length, collector.octets.length]).toEqual([0, 0]);
});
