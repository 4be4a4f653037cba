/** Values of templates reach Python as they are. */

import { expect, test } from "bun:test";
import type { Value } from "#template/engine-value.ts";
import { pythonJson } from "#template/python-json.ts";
import { titled } from "../../support/titles.ts";

const octets = Uint8Array.of(0, 255);
const rows: [Value, string][] = [
  [null, "null"],
  [true, "true"],
  [7n, "7"],
  [2n ** 64n, "18446744073709551616"],
  [-(10n ** 40n), "-10000000000000000000000000000000000000000"],
  [1, "1.0"],
  [-0, "-0.0"],
  [0.1, "0.1"],
  [1e20, "100000000000000000000.0"],
  [1e21, "1e+21"],
  [5e-324, "5e-324"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
  ['"\n\u{1f44b}', '"\\"\\n\u{1f44b}"'],
  [octets, '{"":"AP8="}'],
  [[1n, [2, null]], "[1,[2.0,null]]"],
  [new Map(), "{}"],
  [
    new Map<Value, Value>([
      ["b", 1n],
      ["a", new Map([["c", octets]])],
    ]),
    '{"b":1,"a":{"c":{"":"AP8="}}}',
  ],
  [new Map([["", "x"]]), '{"":[["","x"]]}'],
  [
    new Map<Value, Value>([
      ["b", 1n],
      [1n, null],
    ]),
    '{"":[["b",1],[1,null]]}',
  ],
];

test.each(
  titled(
    rows.map(([value, json]) => [json, value] as const),
    1,
  ),
)("%s", (_title, json, value) => {
  expect(pythonJson(value)).toBe(json);
});
