/** Rules for paths match as in Werkzeug, and are refused as there. */

import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { UrlMap } from "#base/url-map.ts";
import { MalformedRule, type PathValue } from "#base/url-rule.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

type Rules = (string | [string, string])[];

const UUID = "A0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";

/** Rules (of GET, where no method is given), and paths for them. */
const table: [Rules, string[]][] = [
  [["/"], ["/", "//", "/a"]],
  [
    ["/a", "/b/"],
    ["/a", "/a/", "/b", "/b/", "//a", "/b//", "/c", "/a?"],
  ],
  [
    ["/square/<int:x>"],
    [
      "/square/7",
      "/square/007",
      "/square/-7",
      "/square/a",
      "/square/",
      "/square/7/",
      "/square/7.0",
      `/square/${"9".repeat(30)}`,
    ],
  ],
  [
    [
      "/<int(signed=True):x>",
      "/s/<int(min=2, max=5):x>",
      "/f/<int(fixed_digits=3):x>",
      "/g/<int(3):x>",
    ],
    ["/-7", "/7", "/s/1", "/s/2", "/s/6", "/f/12", "/f/012", "/g/123", "/g/12"],
  ],
  [
    ["/<float:x>", "/s/<float(signed=True):x>", "/m/<float(min=1.5):x>"],
    ["/1.5", "/1", "/1.", "/s/-1.5", "/m/1.4", "/m/1.5", "/1.0"],
  ],
  [
    ["/<x>", "/l/<string(length=2):x>", "/m/<string(minlength=2, maxlength=3):x>"],
    ["/a", "/a%20b", "/l/ab", "/l/abc", "/m/a", "/m/abc", "/m/abcd"],
  ],
  [['/<any(a, b, "c,d"):x>'], ["/a", "/b", "/c", "/c,d", "/ab"]],
  [["/<uuid:x>"], [`/${UUID}`, "/1"]],
  [
    ["/<path:x>", "/a/<path:x>/edit", "/b/<path:x>/"],
    [
      "/a",
      "/a/b/c",
      "/a/b/c/edit",
      "/a/edit",
      "/b/c/d",
      "/b/c/d/",
      "/b/",
      "//a//b",
      "/a/b/edit/edit",
    ],
  ],
  [
    ["/a/<x>", "/a/b", "/a/<int:x>", "/<x>/b", "/a/<path:x>"],
    ["/a/b", "/a/1", "/a/c", "/c/b", "/a/b/c"],
  ],
  [
    ["/<x>-<int:y>", "/<x>.html", "/<x>"],
    ["/a-1", "/a-b", "/a.html", "/a-b-3", "/a"],
  ],
  [
    ["/<x>/<y>", "/<int:x>/<y>", "/<x>/<int:y>", "/long/<y>"],
    ["/a/b", "/1/b", "/a/1", "/1/1", "/long/b"],
  ],
  [
    [
      ["/a", "GET"],
      ["/a", "POST"],
      ["/b", "POST"],
      ["/c", "GET"],
    ],
    ["/a", "/b", "/c"],
  ],
  [
    [
      ["/a/", "POST"],
      ["/<x>", "GET"],
    ],
    ["/a", "/a/"],
  ],
  [
    ["/a//b", "//c"],
    ["/a/b", "/a//b", "/c", "/a///b"],
  ],
  [["/a", "/a"], ["/a"]],
  [
    ["/<x>/", "/<x>"],
    ["/a", "/a/"],
  ],
  [
    ["/a.b+c", "/(<x>)"],
    ["/a.b+c", "/aXb+c", "/(y)"],
  ],
  [
    ["/<path:x>", "/<y>"],
    ["/a", "/a/b"],
  ],
  [
    ["/<path:x>/<y>", "/<path:x>/<int:y>/z"],
    ["/a/b", "/a/b/c", "/a/1/z", "/a"],
  ],
];

const malformed = [
  "/<",
  "/<x",
  "/<int:>",
  "/<nothing:x>",
  "/<int(a=1):x>",
  "/<1x>",

  "/<x:y:z>",
];

interface Case {
  rules: [string, string][];
  path: string;
  method: string;
}

const METHODS = ["GET", "HEAD", "POST"];

const cases: Case[] = [
  ...table.flatMap(([rules, paths]) =>
    paths.flatMap((path) =>
      METHODS.map((method) => ({
        rules: rules.map((rule): [string, string] =>
          typeof rule === "string" ? [rule, "GET"] : rule,
        ),
        path,
        method,
      })),
    ),
  ),
  ...malformed.map((rule): Case => ({ rules: [[rule, "GET"]], path: "/", method: "GET" })),
];

function printable(value: PathValue) {
  if (typeof value === "bigint") return { int: String(value) };
  if (typeof value === "number")
    return { float: Number.isInteger(value) ? `${value}.0` : String(value) };
  return value.toLowerCase() === UUID.toLowerCase() ? { uuid: value } : { str: value };
}

function here({ rules, path, method }: Case): unknown {
  const map = new UrlMap<number>();
  try {
    for (const [index, [rule, one]] of rules.entries()) map.add(rule, one, index);
  } catch (thrown) {
    if (!(thrown instanceof MalformedRule)) throw thrown;
    return { kind: "refused" };
  }
  const match = map.match(path, method);
  if (match.kind === "other method") return { ...match, methods: [...match.methods].sort() };
  if (match.kind !== "found") return match;
  const values = Object.fromEntries(
    [...match.values].map(([name, value]) => [name, printable(value)]),
  );
  return { ...match, values };
}

async function inPython(): Promise<unknown[]> {
  const script = resolve(import.meta.dir, "../../python/url_rules.py");
  const stdin = Buffer.from(cases.map((one) => JSON.stringify(one)).join("\n"));
  const python = Bun.spawn([PYTHON, script], { stdin, stdout: "pipe" });
  const lines = (await new Response(python.stdout).text()).trimEnd().split("\n");
  return lines.map((line) => {
    const { error: _, ...outcome } = JSON.parse(line);
    return outcome;
  });
}

describe.skipIf(!hasPython)("as in Werkzeug", async () => {
  const expected = hasPython ? await inPython() : [];
  test.each(
    cases.map((one, index): [string, Case, unknown] => {
      const rules = one.rules.map(([rule]) => rule).join(" ");
      return [`${one.method} ${one.path} of ${rules}`.slice(0, 90), one, expected[index]];
    }),
  )("%s", (_title, one, outcome) => {
    expect(here(one)).toEqual(outcome);
  });
});
