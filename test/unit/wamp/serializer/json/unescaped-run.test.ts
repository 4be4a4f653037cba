import { describe, expect, test } from "bun:test";
import { unescapedRunEnd } from "#wamp/serializer/json/unescaped-run.ts";

/** Octets without an escape, the highest and lowest of each neighbourhood included. */
const PLAIN = Buffer.from(` !#[]~\x7fé€😀`);

describe("unescapedRunEnd", () => {
  test("every octet that JSON escapes ends a run, and no other", () => {
    const ends = Array.from({ length: 256 }, (_, octet) => octet).filter(
      (octet) => unescapedRunEnd(Uint8Array.of(0x61, octet, 0x61), 0, 3) === 1,
    );
    expect(ends).toEqual([...Array.from({ length: 32 }, (_, octet) => octet), 0x22, 0x5c]);
  });

  test.each([10, 64, 65, 100, 4096])("a run of %d octets ends at any of its octets", (length) => {
    const octets = Buffer.alloc(length + 8, PLAIN);
    for (const at of new Set([0, 1, 2, 3, 4, 5, length - 5, length - 2, length - 1])) {
      for (const octet of [0, 0x1f, 0x22, 0x5c]) {
        const broken = Buffer.from(octets);
        broken[3 + at] = octet;
        expect(unescapedRunEnd(broken, 3, 3 + length)).toBe(3 + at);
      }
    }
    expect(unescapedRunEnd(octets, 3, 3 + length)).toBe(3 + length);
  });

  test("an octet after the end does not count", () => {
    const octets = Buffer.alloc(100, "a");
    octets[80] = 0x22;
    expect(unescapedRunEnd(octets, 0, 80)).toBe(80);
    expect(unescapedRunEnd(octets, 0, 100)).toBe(80);
  });

  test("every octet is found or passed in words of four as it is alone", () => {
    for (let octet = 0; octet < 256; octet++) {
      const octets = Buffer.alloc(100, "a");
      octets[50] = octet;
      const isEscaped = octet < 0x20 || octet === 0x22 || octet === 0x5c;
      expect(unescapedRunEnd(octets, 0, 100)).toBe(isEscaped ? 50 : 100);
    }
  });

  test("octets that are part of a larger buffer are read at their own place", () => {
    const large = Buffer.alloc(300, "a");
    large[150] = 0x22;
    expect(unescapedRunEnd(large.subarray(100, 250), 0, 150)).toBe(50);
  });
});
