/** JSON with an attribute that stands twice in its map: the last one counts, as in Crossbar. */

import { describe, expect, test } from "bun:test";
import { parseJson } from "#config/text/parse-json.ts";
import { loadNode } from "../../support/loaded-node.ts";

describe("of an attribute that is given twice", () => {
  const { value, places, warnings } = parseJson(
    '{"a": {"b": 1.0, "c": [[1.0]]},\n "ab": 1.0,\n "a": {"c": 1, "c": [1]}, "d": 3,\n "a": {"e": [1.0]}}',
  );

  test("the last one counts, and each is warned of with the line of the one before", () => {
    expect(value).toEqual({ a: { e: [1] }, ab: 1, d: 3 });
    expect(warnings).toEqual([
      { path: ["a"], sentence: 'attribute "a" is also given in line 1; the last one counts' },
      { path: ["a", "c"], sentence: 'attribute "c" is also given in line 3; the last one counts' },
      { path: ["a"], sentence: 'attribute "a" is also given in line 3; the last one counts' },
    ]);
  });

  test("places and digits are those of the last", () => {
    expect(places.key(["a"])).toEqual({ line: 4, column: 2 });
    expect(places.value(["a", "b"])).toEqual({ line: 4, column: 7 });
    expect(places.key(["a", "c", 0, 0])).toEqual({ line: 4, column: 7 });
    expect(places.writtenText(["a", "c", 0, 0])).toBeUndefined();
    expect(places.writtenText(["a", "e", 0])).toBe("1.0");
    expect(places.writtenText(["ab"])).toBe("1.0");
  });

  test("the cost is that of its text, however often it is given", () => {
    const text = `{${Array.from({ length: 20_000 }, (_, at) => `"${at % 10_000}": [1]`).join()}}`;
    expect(parseJson(text).warnings).toHaveLength(10_000);
  });

  test("no text may give __proto__", () => {
    expect(() => parseJson('{"__proto__": 1, "__proto__": 2}')).toThrow(
      'the attribute name "__proto__" is not allowed',
    );
  });

  test("the node starts", async () => {
    const { config, faults, warnings } = await loadNode(
      '{"version": 1,\n"version": 2,\n"workers": [{"type": "proxy"}]}',
    );
    expect(config?.workers).toHaveLength(1);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      '$.version: attribute "version" is also given in line 1; the last one counts',
    ]);
  });
});
