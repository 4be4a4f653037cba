import { describe, expect, test } from "bun:test";
import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { Utf8Validator } from "#transport/websocket/utf8-validator.ts";

/** What becomes of a text that comes octet by octet: whole, cut off, or (the place) no UTF-8. */
function judge(hex: string): "whole" | "cut off" | number {
  const octets = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const validator = new Utf8Validator();
  for (let at = 0; at < octets.length; at++) {
    if (!validator.push(octets, at, at + 1)) return at;
  }
  return validator.isWhole ? "whole" : "cut off";
}

describe("Utf8Validator", () => {
  test.each<[string, ReturnType<typeof judge>]>([
    ["", "whole"],
    ["00 7f", "whole"],
    ["c280 dfbf", "whole"],
    ["e0a080 ed9fbf ee8080 efbfbf", "whole"],
    ["f0908080 f48fbfbf", "whole"],
    ["c3", "cut off"],
    ["e282", "cut off"],
    ["f09f98", "cut off"],
    ["80", 0],
    ["bf", 0],
    ["c080", 0],
    ["c1bf", 0],
    ["c328", 1],
    ["e09fbf", 1],
    ["eda080", 1],
    ["edbfbf", 1],
    ["f08fbfbf", 1],
    ["f4908080", 1],
    ["f5808080", 0],
    ["ff", 0],
    ["e28228", 2],
    ["f09f9828", 3],
    ["61 c3a9 ff", 3],
  ])("%s is %p", (hex, judgement) => {
    expect(judge(hex)).toBe(judgement);
  });

  test("agrees with TextDecoder on any octets", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const octet = fc.constantFrom(
      0x41,
      0x80,
      0x9f,
      0xa0,
      0xbf,
      0xc3,
      0xe0,
      0xe2,
      0xed,
      0xf0,
      0xf4,
      0xf5,
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 8 }),
        fc.array(octet, { maxLength: 8 }),
        (any, likely) => {
          for (const octets of [any, Uint8Array.from(likely)]) {
            const isUtf8 = (() => {
              try {
                decoder.decode(octets);
                return true;
              } catch {
                return false;
              }
            })();
            const validator = new Utf8Validator();
            const isTaken = validator.push(octets, 0, octets.length) && validator.isWhole;
            expect(isTaken).toBe(isUtf8);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("begins again after reset, whatever came before", () => {
    const validator = new Utf8Validator();
    validator.push(Buffer.from("f0", "hex"), 0, 1);
    validator.reset();
    expect(validator.push(Buffer.from("c280", "hex"), 0, 2)).toBe(true);
    expect(validator.isWhole).toBe(true);
  });

  test("looks at the part that it is given alone", () => {
    const validator = new Utf8Validator();
    expect(validator.push(Buffer.from("ff41ff", "hex"), 1, 2)).toBe(true);
  });
});

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
