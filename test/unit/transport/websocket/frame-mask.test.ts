import { expect, test } from "bun:test";
import { applyMask, newMaskingKey } from "#transport/websocket/frame-mask.ts";

test("each octet is masked with the octet of the key in its turn", () => {
  for (let length = 0; length < 140; length++) {
    const octets = Uint8Array.from({ length: length + 8 }, (_, at) => at);
    applyMask(octets, 3, 3 + length, 0x01_02_03_fa);
    const expected = (at: number) =>
      at < 3 || at >= 3 + length ? at : at ^ ([1, 2, 3, 0xfa][(at - 3) & 3] as number);
    expect([...octets]).toEqual(Array.from(octets, (_, at) => expected(at)));
  }
});

test("keys do not repeat", () => {
  const keys = new Set(Array.from({ length: 1000 }, newMaskingKey));
  expect(keys.size).toBeGreaterThan(990);
});
