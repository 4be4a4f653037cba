/** Octets cut into packets, wherever the reads end. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PacketFault } from "#transport/mqtt/packet-fault.ts";
import { PacketReader } from "#transport/mqtt/packet-reader.ts";

/** Reads chunks; gives the packets in hex. The handler stops behind each packet where `halts` is true. */
function read(chunks: Uint8Array[], { halts = false, maxOctets = 1_000_000 } = {}): string[] {
  const reader = new PacketReader(maxOctets, Number.POSITIVE_INFINITY);
  const packets: string[] = [];
  const handler = {
    takePacket(octets: Uint8Array) {
      packets.push(Buffer.from(octets).toString("hex"));
      return !halts;
    },
  };
  for (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0; rest = rest.subarray(reader.position)) {
      reader.push(rest, handler);
    }
  }
  expect(reader.completed).toBe(packets.length);
  return packets;
}

/** A packet with a body of so many octets. */
function packetOf(bodyOctets: number): Buffer {
  const head = [0x30];
  let left = bodyOctets;
  do {
    head.push((left % 128) | (left >= 128 ? 0x80 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(bodyOctets, bodyOctets % 251)]);
}

test("packets are whole, however the octets come", () => {
  const sizes = fc.array(fc.constantFrom(0, 1, 2, 126, 127, 128, 129, 16_383, 16_384, 20_000), {
    minLength: 1,
    maxLength: 6,
  });
  const cuts = fc.array(fc.nat(60_000), { maxLength: 12 });
  const cases = fc.property(sizes, cuts, fc.boolean(), (lengths, places, halts) => {
    const packets = lengths.map(packetOf);
    const all = new Uint8Array(Buffer.concat(packets));
    const ends = [...places.map((place) => place % (all.length + 1)), all.length].toSorted(
      (one, other) => one - other,
    );
    const chunks = ends.map((end, index) => all.slice(ends[index - 1] ?? 0, end));
    expect(read(chunks, { halts })).toEqual(packets.map((packet) => packet.toString("hex")));
  });
  fc.assert(cases, { numRuns: 300 });
});

test("every octet may come alone", () => {
  const packets = [packetOf(0), packetOf(3), packetOf(200)];
  const chunks = [...Buffer.concat(packets)].map((octet) => Uint8Array.of(octet));
  expect(read(chunks)).toEqual(packets.map((packet) => packet.toString("hex")));
});

describe("a packet ends its connection", () => {
  const reasonOf = (hex: string, maxOctets = 100) => {
    try {
      read([new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"))], { maxOctets });
      return null;
    } catch (thrown) {
      return thrown instanceof PacketFault ? thrown.reason.toString(16) : String(thrown);
    }
  };

  test.each([
    ["30 62", null],
    ["30 63", "95"],
    ["30 ff ff ff 7f", "95"],
    ["30 ff ff ff ff 01", "81"],
    ["30 80 80 80 80", "81"],
  ])("that begins with %s: %j", (hex, reason) => {
    expect(reasonOf(hex)).toBe(reason);
  });
});
