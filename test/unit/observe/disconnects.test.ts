import { expect, test } from "bun:test";
import { Disconnects } from "#observe/disconnects.ts";

test("counts closed connections by code, and beyond fifty codes together", () => {
  const disconnects = new Disconnects();
  for (let code = 3000; code < 3060; code++) disconnects.count(code);
  disconnects.count(3000);
  const figures = disconnects.figures();
  expect(figures).toHaveLength(51);
  expect(figures[0]).toEqual({ code: 3000, count: 2 });
  expect(figures.at(-1)).toEqual({ code: 0, count: 10 });
});
