import { afterEach, expect, mock, spyOn, test } from "bun:test";
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

/** Has the ids from now on made of these numbers in turn; without any, of random ones again. */
function useNumbers(numberAt?: (index: number) => number): void {
  let index = 0;
  mock.restore();
  const random = spyOn(crypto, "getRandomValues");
  if (numberAt !== undefined) {
    random.mockImplementation((array) => {
      (array as unknown as Uint32Array).set(
        Array.from(array as unknown as Uint32Array, () => numberAt(index++)),
      );
      return array;
    });
  }
  // Those that were made before are used first.
  while (random.mock.calls.length === 0) randomId();
  if (numberAt === undefined) random.mockRestore();
}

afterEach(() => useNumbers());

test.each([
  [[0, 0], 1],
  [[0, 0xffffffff], 2 ** 32],
  [[0xffffffff, 0], 2 ** 53 - 2 ** 32 + 1],
  [[0xffffffff, 0xffffffff], 2 ** 53],
])("the random numbers %j are the id %p", (pair, id) => {
  useNumbers((index) => pair[index % 2] ?? 0);
  expect(randomId()).toBe(id);
});

test("no random number is used for two ids", () => {
  useNumbers((index) => index << 11);
  const ids = Array.from({ length: 1000 }, randomId);
  expect(new Set(ids).size).toBe(1000);
});
