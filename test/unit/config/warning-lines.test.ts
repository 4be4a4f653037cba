/** What an operator reads of the warnings of a configuration. */

import { expect, test } from "bun:test";
import type { ConfigIssue } from "#config/text/config-issue.ts";
import { warningLines } from "#config/text/warning-lines.ts";

const sentence = "everyone may join";

function at(line: number, path: string, text = sentence): ConfigIssue {
  return { file: "node.json", line, column: 5, path, sentence: text };
}

test("a sentence has one line, with the places and other names of the rest", () => {
  const warnings = [
    at(3, "$.transports[0].paths.ws"),
    at(4, "$.transports[1].paths.ws", "no event is kept"),
    at(6, "$.transports[2].paths.ws"),
    at(7, "$.transports[3]"),
    at(8, '$.transports[4].paths["/"]'),
  ];
  expect(warningLines(warnings)).toEqual([
    'node.json:3:5  $.transports[0].paths.ws: everyone may join; also at 6:5, 7:5 (transports[3]), 8:5 (paths["/"])',
    "node.json:4:5  $.transports[1].paths.ws: no event is kept",
  ]);
  expect(warningLines([])).toEqual([]);
});

test("a line lists 20 more places and counts the rest, and shows no control character", () => {
  const many = Array.from({ length: 24 }, (_, index) => at(index + 1, "$.a"));
  const places = Array.from({ length: 20 }, (_, index) => `${index + 2}:5`).join(", ");
  expect(warningLines(many)).toEqual([
    `node.json:1:5  $.a: everyone may join; also at ${places}, 3 more`,
  ]);
  const [line = ""] = warningLines([at(1, "$.a"), at(2, `$.b["\x1b${"x".repeat(99)}"]`)]);
  expect(line).not.toContain("\x1b");
  expect(line.length).toBeLessThan(120);
});
