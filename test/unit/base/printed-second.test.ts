import { expect, test } from "bun:test";
import { printedSecond } from "#base/printed-second.ts";

test("each second is printed once, whatever comes between", () => {
  const asked: number[] = [];
  const print = printedSecond((time) => {
    asked.push(time.getTime());
    return `second ${Math.floor(time.getTime() / 1000)}`;
  });
  const printed = [0, 999, 1000, 1999, 500].map(print);
  expect(printed).toEqual(["second 0", "second 0", "second 1", "second 1", "second 0"]);
  expect(asked).toEqual([0, 1000, 500]);
});
