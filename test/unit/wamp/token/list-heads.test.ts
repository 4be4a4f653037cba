import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { exactTranscoder } from "#wamp/transcode/transcoder.ts";

/** JSON lists within each other, each with so many zeros before the next one, the innermost with a text. */
function nested(counts: readonly number[], pad: number): string {
  const begins = counts.map((count) => `[${"0,".repeat(count)}`).join("");
  return `[${begins}"${"x".repeat(pad)}"${"]".repeat(counts.length)},{}]`;
}

describe.each(["cbor", "msgpack"] as const)("heads of lists that came as JSON, in %s", (to) => {
  const forth = exactTranscoder("json", to);
  const back = exactTranscoder(to, "json");

  test("are those of the counts, however lists are nested", () => {
    const counts = fc.array(fc.constantFrom(0, 14, 15, 22, 23, 24, 254, 255, 300, 70_000), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(counts, fc.constantFrom(0, 900, 2000), (items, pad) => {
        const text = nested(items, pad);
        const octets = Buffer.from(forth(Buffer.from(text)));
        expect(back(octets).toString() === text).toBe(true);
      }),
      { examples: [[[30, 30, 2, 30], 2000]] },
    );
  });

  test("of a value that was not completed are forgotten", () => {
    expect(() => forth(Buffer.from(`${nested([30], 2000).slice(0, -1)},`))).toThrow("too early");
    expect(back(Buffer.from(forth(Buffer.from("[[1]]")))).toString()).toBe("[[1]]");
  });

  test("move each octet once at most", () => {
    const text = nested(Array(500).fill(30), 100_000);
    const copyWithin = spyOn(Buffer.prototype, "copyWithin");
    const { length } = forth(Buffer.from(text));
    const moved = copyWithin.mock.calls.map(([, from, end]) => Number(end) - Number(from));
    copyWithin.mockRestore();
    expect(moved.length).toBe(500);
    expect(moved.reduce((sum, octets) => sum + octets)).toBeLessThan(length);
  });
});
