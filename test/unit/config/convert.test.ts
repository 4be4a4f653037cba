/** `crossproxy convert`: JSON as YAML and YAML as JSON, whose values are the same to both programs. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { convertConfigFile } from "#config/convert/convert-config-file.ts";
import { parseConfigText } from "#config/parse-config-file.ts";
import { type PyYaml, spell, startPyYaml } from "../../support/pyyaml.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { hasPython } from "../../support/wamp-clients.ts";

const folder = temporaryFolder();

function convert(name: string, text: string) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return convertConfigFile(file);
}

function textOf(name: string, text: string): string {
  const conversion = convert(name, text);
  if (conversion.kind !== "converted") throw new Error("it has faults");
  return conversion.text;
}

const toYaml = (text: string) => textOf("a.json", text);
const toJson = (text: string) => textOf("a.yaml", text);

describe("JSON as YAML", () => {
  test("has lists and maps of lines, and texts without quotes where they are harmless", () => {
    const json = `{"version": 2, "workers": [{"type": "router", "options": {}, "realms": []},
      {"paths": {"/": {"directory": "../web"}}, "uris": ["com.example.", ["a b"]]}], "off": "off"}`;
    expect(toYaml(json)).toBe(`version: 2
workers:
  - type: router
    options: {}
    realms: []
  - paths:
      /:
        directory: ../web
    uris:
      - com.example.
      - - a b
"off": "off"
`);
  });

  test.each([
    ["12345678901234567890", "12345678901234567890"],
    ["-7", "-7"],
    ["-0", "-0.0"],
    ["1.0", "1.0"],
    ["1e3", "1.0e+3"],
    ["-1.5E-7", "-1.5e-7"],
    ["0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"],
    ["true", "true"],
    ["null", "null"],
    ['"yes"', '"yes"'],
    ['"12"', '"12"'],
    ['"1:30"', '"1:30"'],
    ['"2001-01-01"', '"2001-01-01"'],
    ['"="', '"="'],
    ['""', '""'],
    ['"a: b"', '"a: b"'],
    ['"- a"', '"- a"'],
    ['" a"', '" a"'],
    ['"a\\nb"', '"a\\nb"'],
    ['"\\u007f\\u0085\\ufeff"', '"\\u007f\\u0085\\ufeff"'],
    ['"Ünï 😀"', '"Ünï 😀"'],
    ['"Ünï"', "Ünï"],
  ])("the value %s is written as %s", (json, yaml) => {
    expect(toYaml(`{"a": ${json}}`)).toBe(`a: ${yaml}\n`);
  });

  test("keeps the order of attributes that JavaScript would change", () => {
    expect(toYaml('{"b": 1, "10": 2, "9": 3}')).toBe('b: 1\n"10": 2\n"9": 3\n');
  });
});

/** A spelled value whose lists are sorted, as Python orders characters beyond U+FFFF otherwise. */
function inOrder(spelled: unknown): unknown {
  if (Array.isArray(spelled)) {
    return spelled
      .map(inOrder)
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof spelled !== "object" || spelled === null) return spelled;
  return Object.fromEntries(Object.entries(spelled).map(([key, one]) => [key, inOrder(one)]));
}

describe.if(hasPython)("to PyYAML", () => {
  let pyyaml: PyYaml;
  beforeAll(() => {
    pyyaml = startPyYaml();
  });
  afterAll(() => pyyaml.end());

  test("any JSON is the same in YAML", async () => {
    // Halves of characters are no text of YAML.
    const texts = fc
      .sample(fc.jsonValue({ noUnicodeString: false }), { numRuns: 100, seed: 1 })
      .map((value) => JSON.stringify({ value }))
      .filter(
        (text) => text.isWellFormed() && !text.includes("__proto__") && !/\\ud[89a-f]/.test(text),
      );
    const read = await pyyaml.load(texts.map(toYaml));
    expect(inOrder(read)).toEqual(inOrder(texts.map((text) => spell(JSON.parse(text)))));
  });
});

test("any JSON comes back from YAML", () => {
  const property = fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
    const json = JSON.stringify({ value });
    fc.pre(!json.includes("__proto__") && !/\\ud[89a-f]/.test(json));
    expect(JSON.stringify(parseConfigText(toJson(toYaml(json)), "a.json").value)).toBe(json);
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});

describe("YAML as JSON", () => {
  test("has the digits and the order of the file, and what aliases and merges mean", () => {
    const yaml =
      "big: 12345678901234567890\nfloat: 1.0\noctal: 010\nb: &b {x: yes}\na: *b\nc: {<<: *b}\n";
    expect(toJson(yaml)).toBe(`{
  "big": 12345678901234567890,
  "float": 1.0,
  "octal": 8,
  "b": {
    "x": true
  },
  "a": {
    "x": true
  },
  "c": {
    "x": true
  }
}
`);
  });

  test("names the lines of comments and aliases, and nothing that only looks like one", () => {
    const yaml = `# first
a: "# no"  # second
b: |
  # no comment
  *no alias
c: [x#y, &z 1, *z] # third
`;
    const conversion = convert("a.yaml", yaml);
    expect(conversion.kind === "converted" && conversion.warnings).toMatchObject([
      { line: 1, sentence: "JSON has no comments: those in lines 1, 2, 6 are lost" },
      { line: 6, sentence: "JSON has no aliases: in line 6 their values are written out" },
    ]);
  });

  test.each([
    ["a: 2001-01-01\n", "a date"],
    ["a: !!binary aGk=\n", "octets"],
    ["a: !!set {x, y}\n", "a set"],
    ["a: .inf\n", "Infinity"],
    ["a: .nan\n", "NaN"],
  ])("is refused for a value that JSON does not have: %j", (yaml, noun) => {
    const sentence = `it is ${noun}, which JSON does not have`;
    expect(convert("a.yaml", yaml)).toMatchObject({
      kind: "faulty",
      faults: [{ line: 1, sentence }],
    });
  });
});

test("an attribute that is given twice is named, and the last one counts", () => {
  const conversion = convert("a.json", '{"a": 1, "a": 2}');
  expect(conversion).toMatchObject({ kind: "converted", text: "a: 2\n" });
  expect(conversion.kind === "converted" && conversion.warnings[0]?.sentence).toContain(
    "the last one counts",
  );
});
