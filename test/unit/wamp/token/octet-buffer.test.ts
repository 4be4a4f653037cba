import { describe, expect, test } from "bun:test";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";

const KIB = 1024;
const numbered = (length: number) => Uint8Array.from({ length }, (_, index) => index);

describe("OctetBuffer", () => {
  test("appends octets, ASCII and parts of arrays in order", () => {
    const out = new OctetBuffer();
    out.appendOctet(0xff);
    out.appendAscii("ab");
    out.append(numbered(10), 2, 5);
    expect(out.length).toBe(6);
    expect(out.take().toHex()).toBe("ff6162020304");
    expect(out.length).toBe(0);
  });

  test.each([0, 1, 47, 48, 49, 200])("appends %d octets of a larger array", (count) => {
    const out = new OctetBuffer();
    out.appendOctet(9);
    out.append(numbered(256), 7, 7 + count);
    out.appendOctet(8);
    expect([...out.take()]).toEqual([9, ...numbered(256).slice(7, 7 + count), 8]);
  });

  test("grows without losing octets, and the view stays on the same memory", () => {
    const out = new OctetBuffer();
    out.appendAscii("begin");
    out.append(new Uint8Array(64 * KIB).fill(7), 0, 64 * KIB);
    out.reserve(4);
    out.view.setUint32(out.length, 0x01020304);
    out.length += 4;
    const taken = out.take();
    expect(taken.subarray(0, 6).toString("latin1")).toBe("begin\x07");
    expect(taken.subarray(-5).toHex()).toBe("0701020304");
  });

  test("appends a single octet at the end of its capacity", () => {
    const out = new OctetBuffer();
    out.append(new Uint8Array(out.octets.length), 0, out.octets.length);
    out.appendOctet(1);
    expect(out.take().at(-1)).toBe(1);
  });

  test("reserves no more than is needed while there is room", () => {
    const out = new OctetBuffer();
    const { octets } = out;
    out.reserve(octets.length);
    expect(out.octets).toBe(octets);
    out.reserve(octets.length + 1);
    expect(out.octets.length).toBe(octets.length * 2);
  });

  test("widens in the middle", () => {
    const out = new OctetBuffer();
    out.appendAscii("abcdef");
    out.widen(2, 3);
    expect(out.length).toBe(9);
    out.octets.write("XYZ", 2);
    expect(out.take().toString()).toBe("abXYZcdef");
  });

  test("widens at the end of its capacity", () => {
    const out = new OctetBuffer();
    const capacity = out.octets.length;
    out.append(new Uint8Array(capacity).fill(7), 0, capacity);
    out.widen(1, 2);
    expect(out.length).toBe(capacity + 2);
    expect([...out.take().subarray(capacity - 1)]).toEqual([7, 7, 7]);
  });

  test("takes octets that are overwritten after clear, not before", () => {
    const out = new OctetBuffer();
    out.appendAscii("first");
    const taken = out.take();
    expect(taken.toString()).toBe("first");
    out.clear();
    out.appendAscii("other");
    expect(taken.toString()).toBe("other");
  });

  test("clear forgets what was not taken", () => {
    const out = new OctetBuffer();
    out.appendAscii("broken off");
    out.clear();
    out.appendAscii("x");
    expect(out.take().toString()).toBe("x");
  });

  test.each([
    ["take", (out: OctetBuffer) => void out.take()],
    ["clear", (out: OctetBuffer) => out.clear()],
  ])("%s keeps a buffer of 1 MiB, and lets a larger one go", (_name, release) => {
    const out = new OctetBuffer();
    out.reserve(KIB * KIB);
    release(out);
    expect(out.octets.length).toBe(KIB * KIB);
    out.reserve(KIB * KIB + 1);
    release(out);
    expect(out.octets.length).toBe(64 * KIB);
    expect(out.view.byteLength).toBe(64 * KIB);
  });
});

test("integers are appended as String prints them", () => {
  const buffer = new OctetBuffer();
  const near = [...Array(54).keys()].flatMap((bits) => [10 ** Math.min(bits, 15), 2 ** bits]);
  const integers = near.flatMap((one) => [one - 1, one, one + 1]).filter((one) => one <= 2 ** 53);
  for (const integer of integers) {
    buffer.appendOctet(0x2c);
    buffer.appendDigits(integer);
  }
  expect(buffer.take().toString()).toBe(integers.map((integer) => `,${integer}`).join(""));
});

test("what was taken has the octets of its own time, also of a buffer that has grown", () => {
  const buffer = new OctetBuffer();
  const taken = (text: string) => {
    buffer.appendAscii(text);
    return buffer.take().toString();
  };
  for (const text of ["ab", "cde", "fg", "x".repeat(70_000), "hi", "jkl"]) {
    expect(taken(text)).toBe(text);
  }
});
