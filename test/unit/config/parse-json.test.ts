/** An attribute that a JSON text gives twice: the last one counts, as in Crossbar, with a warning. */

import { describe, expect, test } from "bun:test";
import { parseJson } from "#config/text/parse-json.ts";

describe("an attribute that is given twice", () => {
  test("has the last value, and a warning for each of the others", () => {
    const { value, warnings } = parseJson('{"a": 1,\n"a": 2,\n"b": {"c": 1, "c": [3]},\n"a": 4}');
    expect(value).toEqual({ a: 4, b: { c: [3] } });
    expect(warnings).toEqual([
      { path: ["a"], sentence: 'attribute "a" is also given in line 1; the last one counts' },
      { path: ["b", "c"], sentence: 'attribute "c" is also given in line 3; the last one counts' },
      { path: ["a"], sentence: 'attribute "a" is also given in line 2; the last one counts' },
    ]);
  });

  test("has the places of the last value, and none of what only another one holds", () => {
    const { places } = parseJson('{"a": {"b": 1.0, "list": [[1.0]]},\n\n "a": {"c": 2.0}}');
    expect(places.key(["a"])).toEqual({ line: 3, column: 2 });
    expect(places.value(["a", "c"])).toEqual({ line: 3, column: 13 });
    expect(places.numberText(["a", "c"])).toBe("2.0");
    for (const path of [
      ["a", "b"],
      ["a", "list"],
      ["a", "list", 0, 0],
    ]) {
      expect(places.value(path)).toEqual({ line: 3, column: 7 });
      expect(places.numberText(path)).toBeUndefined();
    }
  });

  test("costs no more than its text, however often it is given", () => {
    const text = `{${Array.from({ length: 20_000 }, (_, at) => `"${at % 10_000}": [1]`).join()}}`;
    expect(parseJson(text).warnings).toHaveLength(10_000);
  });

  test("is no other than the attributes that no text may give", () => {
    expect(() => parseJson('{"__proto__": 1, "__proto__": 2}')).toThrow(
      'the attribute name "__proto__" is not allowed',
    );
  });
});
