import { expect, test } from "bun:test";
import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { Utf8Validator } from "#transport/websocket/utf8-validator.ts";

const text = fc.string({ unit: "grapheme", maxLength: 300 }).map((string) => Buffer.from(string));
const octets = fc.oneof(
  text,
  fc.tuple(text, fc.uint8Array({ maxLength: 4 }), text).map((parts) => Buffer.concat(parts)),
  fc.tuple(text, fc.nat({ max: 4 })).map(([whole, cut]) => whole.subarray(0, whole.length - cut)),
);

test("agrees with Bun's check of the whole, however the text is cut", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(octets, sizes, (whole, cuts) => {
      const validator = new Utf8Validator();
      let isValid = true;
      for (let at = 0, turn = 0; at < whole.length && isValid; turn++) {
        const end = Math.min(whole.length, at + (cuts[turn % cuts.length] as number));
        isValid = validator.push(whole, at, end);
        at = end;
      }
      expect(isValid && validator.isWhole).toBe(isUtf8(whole));
    }),
    { numRuns: 2000 },
  );
});
