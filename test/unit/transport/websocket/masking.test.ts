import { expect, test } from "bun:test";
import fc from "fast-check";
import { maskAt, rotated, unmask } from "#transport/websocket/masking.ts";

/** As RFC 6455 defines it, octet by octet. */
function defined(octets: Uint8Array, key: Uint8Array): string {
  return octets.map((octet, at) => octet ^ (key[at & 3] as number)).toHex();
}

const length = fc.oneof(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 2000 }));
const key = fc.uint8Array({ minLength: 4, maxLength: 4 });

test("unmasks what lies between its bounds, wherever it lies in memory", () => {
  fc.assert(
    fc.property(length, key, fc.nat({ max: 9 }), fc.nat({ max: 9 }), (octets, mask, shift, at) => {
      const memory = crypto.getRandomValues(new Uint8Array(shift + at + octets + 5));
      const before = memory.slice(shift);
      const view = memory.subarray(shift);
      unmask(view, at, at + octets, maskAt(mask, 0));
      expect(view.subarray(at, at + octets).toHex()).toBe(
        defined(before.subarray(at, at + octets), mask),
      );
      expect([view.subarray(0, at), view.subarray(at + octets)]).toEqual([
        before.subarray(0, at),
        before.subarray(at + octets),
      ]);
    }),
  );
});

test("goes on behind any part with the rotated key", () => {
  fc.assert(
    fc.property(length, key, fc.nat(), (octets, mask, cut) => {
      const memory = crypto.getRandomValues(new Uint8Array(octets));
      const expected = defined(memory, mask);
      const at = cut % (octets + 1);
      unmask(memory, 0, at, maskAt(mask, 0));
      unmask(memory, at, octets, rotated(maskAt(mask, 0), at));
      expect(memory.toHex()).toBe(expected);
    }),
  );
});
