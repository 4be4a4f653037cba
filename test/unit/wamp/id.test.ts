import { expect, spyOn, test } from "bun:test";
import { isId, randomId } from "#wamp/id.ts";

test.each([0, 1, 2, 2 ** 32, 2 ** 53])("%p is an id", (value) => {
  expect(isId(value)).toBe(true);
});

test.each([-1, 1.5, 2 ** 53 + 2, Number.NaN, Number.POSITIVE_INFINITY, "1", 1n, null, undefined])(
  "%p is no id",
  (value) => {
    expect(isId(value)).toBe(false);
  },
);

test("random ids are ids, differ, and use all 53 bits", () => {
  const ids = Array.from({ length: 1000 }, randomId);
  expect(ids.every(isId)).toBe(true);
  expect(new Set(ids).size).toBe(1000);
  expect(Math.max(...ids)).toBeGreaterThan(2 ** 52);
  expect(ids.some((id) => id % 2 === 0) && ids.some((id) => id % 2 === 1)).toBe(true);
});

test.each([
  [0n, 1],
  [2n ** 64n - 1n, 2 ** 53],
])("the random bits %p are the id %p", (bits, id) => {
  const random = spyOn(crypto, "getRandomValues").mockImplementation((array) => {
    (array as unknown as BigUint64Array).fill(bits);
    return array;
  });
  expect(randomId()).toBe(id);
  random.mockRestore();
});
