import { expect, test } from "bun:test";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { titled } from "../../../support/titles.ts";

test("a whole value has no place", () => {
  const error = new UnrepresentableValue("NaN in JSON");
  expect(error.place).toBe("");
  expect(error.message).toBe("Cannot represent NaN in JSON");
  expect(error.name).toBe("UnrepresentableValue");
});

test("a place is built from the inside out", () => {
  const error = new UnrepresentableValue("NaN in JSON").below([0, "x"]).below([4]);
  expect(error.place).toBe("[4][0].x");
  expect(error.message).toBe("Cannot represent NaN in JSON at [4][0].x");
});

test.each(
  titled(
    [
      ["a_b-c9", ".a_b-c9"],
      ["_", "._"],
      ["9a", '["9a"]'],
      ["", '[""]'],
      ["a b", '["a b"]'],
      ['"\n', '["\\"\\n"]'],
      [" ".repeat(64), `["${" ".repeat(64)}"]`],
      ["k".repeat(64), `.${"k".repeat(64)}`],
      ["k".repeat(65), `["${"k".repeat(63)}…"]`],
    ],
    1,
  ),
)("the key %s in a place", (_title, key, place) => {
  expect(new UnrepresentableValue("x").below([key]).place).toBe(place);
});
