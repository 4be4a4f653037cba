import { expect, test } from "bun:test";
import { Cancellation } from "#base/cancellation.ts";

test("tells its listeners once, in their order, and throws from then on", () => {
  const told: number[] = [];
  const one = new Cancellation();
  const second = () => void told.push(2);
  one.addEventListener("abort", () => told.push(1));
  one.addEventListener("abort", second);
  one.addEventListener("abort", () => told.push(3));
  one.removeEventListener("abort", second);
  one.throwIfAborted();
  expect([one.aborted, one.reason, told]).toEqual([false, undefined, []]);
  one.cancel();
  one.cancel();
  one.addEventListener("abort", () => told.push(4));
  one.removeEventListener("abort", second);
  expect([one.aborted, told]).toEqual([true, [1, 3]]);
  expect(() => one.throwIfAborted()).toThrow("it was canceled");
  expect(one.reason).toEqual(new Error("it was canceled"));
});

test("may be canceled again by a listener", () => {
  const one = new Cancellation();
  let told = 0;
  one.addEventListener("abort", () => {
    told += 1;
    one.cancel();
  });
  one.cancel();
  expect(told).toBe(1);
});
