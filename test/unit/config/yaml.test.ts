/** YAML: the values that PyYAML makes, the places of everything, and sentences of our own. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson } from "#config/text/parse-json.ts";
import { parseYaml } from "#config/text/parse-yaml.ts";
import { SyntaxFault } from "#config/text/parsed-text.ts";
import { documentText } from "../../support/documents.ts";
import { type PyYaml, spell, startPyYaml } from "../../support/pyyaml.ts";
import { hasPython } from "../../support/wamp-clients.ts";
import { refused, yamlDifferences, yamlTexts } from "./yaml-texts.ts";

const table = Object.values(yamlTexts).flat();

function read(text: string): unknown {
  try {
    return parseYaml(text, "node.yaml").value;
  } catch (thrown) {
    if (thrown instanceof SyntaxFault) return refused;
    throw thrown;
  }
}

/** The fault of a text: `line:column path sentence`. */
function faultOf(text: string): string {
  try {
    parseYaml(text, "node.yaml");
  } catch (thrown) {
    if (!(thrown instanceof SyntaxFault)) throw thrown;
    const { position, path, message } = thrown;
    return `${position.line}:${position.column} ${path.join(".")} ${message}`;
  }
  return "no fault";
}

describe("a value is the one that PyYAML reads", () => {
  for (const [group, texts] of Object.entries(yamlTexts)) {
    test(group, () => {
      expect(texts.map(([text]) => [text, read(text)])).toEqual(texts);
    });
  }

  test("except for what docs/yaml.md lists", () => {
    const here = yamlDifferences.map(([, text, value]) => [text, value]);
    expect(yamlDifferences.map(([, text]) => [text, read(text)])).toEqual(here);
    const rows = [...documentText("docs/yaml.md").matchAll(/^\| (.+?) \|/gm)].map(([, row]) => row);
    for (const [row] of yamlDifferences) expect(rows).toContain(row);
  });

  test("numbers are rounded as those of JSON", () => {
    for (const text of ["9007199254740993", "12345678901234567890", "-9223372036854775809"]) {
      expect(read(text)).toBe(parseJson(text).value);
    }
  });
});

describe.skipIf(!hasPython)("PyYAML itself", () => {
  let pyYaml: PyYaml;
  beforeAll(() => {
    pyYaml = startPyYaml();
  });
  afterAll(() => pyYaml.end());

  const isRefused = (spelled: unknown) =>
    typeof spelled === "object" && spelled !== null && "refused" in spelled;
  const load = async (texts: string[]) =>
    (await pyYaml.load(texts)).map((spelled) => (isRefused(spelled) ? refused : spelled));
  const spelled = (value: unknown) => (value === refused ? refused : spell(value));

  test("reads every text of the table so", async () => {
    expect(table.length).toBeGreaterThan(160);
    const theirs = await load(table.map(([text]) => text));
    expect(table.map(([text], index) => [text, theirs[index]])).toEqual(
      table.map(([text, value]) => [text, spelled(value)]),
    );
  });

  test("differs where docs/yaml.md says so", async () => {
    const theirs = await load(yamlDifferences.map(([, text]) => text));
    expect(theirs).toEqual(yamlDifferences.map(([, , , value]) => spelled(value)));
  });

  test("reads any nesting of such scalars and names as this program does", async () => {
    const scalar = fc.constantFrom(
      ...Object.entries(yamlTexts)
        .filter(([group]) => /^(nulls|booleans|integers|floats|dates)$/.test(group))
        .flatMap(([, texts]) => texts.map(([text]) => text))
        .filter((text) => read(text) !== refused),
      "a b",
      "http://localhost:8080/ws",
      '"\\u00e9: [#"',
      "'it''s'",
      "=x",
      "b#c",
    );
    const name = fc.constantFrom(
      "a",
      "bb",
      "/",
      "ws",
      "'1'",
      '"yes"',
      "y",
      "n",
      "<<x",
      "08",
      "'a b'",
    );
    const { node } = fc.letrec<{ node: Written }>((tie) => ({
      node: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        scalar,
        fc.array(tie("node"), { maxLength: 3 }).map((items) => ({ items })),
        fc
          .record({
            pairs: fc.array(fc.tuple(name, tie("node")), { minLength: 1, maxLength: 4 }),
            merge: fc.option(fc.array(fc.array(fc.tuple(name, scalar), { maxLength: 3 }))),
          })
          .map((map) => map),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(node, { minLength: 20, maxLength: 20 }), async (nodes) => {
        const texts = nodes.flatMap((one) => [flow(one), `${block(one, 0)}\n`]);
        expect(texts.map((text) => [text, spelled(read(text))])).toEqual(
          (await load(texts)).map((value, index) => [texts[index] ?? "", value]),
        );
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});

/** A node, as it is to be written. */
type Written = string | { items: Written[] } | WrittenMap;
interface WrittenMap {
  pairs: [name: string, value: Written][];
  merge: [name: string, value: string][][] | null;
}

const mergeOf = (merge: [string, string][][]) =>
  `<<: [${merge.map((pairs) => `{${pairs.map(([key, value]) => `${key}: ${value}`).join(", ")}}`).join(", ")}]`;

function flow(node: Written): string {
  if (typeof node === "string") return node;
  if ("items" in node) return `[${node.items.map((item) => `${flow(item)} `).join(", ")}]`;
  const pairs = node.pairs.map(([key, value]) => `${key}: ${flow(value)} `);
  return `{${[...(node.merge ? [mergeOf(node.merge)] : []), ...pairs].join(", ")}}`;
}

function block(node: Written, indent: number): string {
  const margin = `\n${" ".repeat(indent)}`;
  if (typeof node === "string") return node;
  if ("items" in node) {
    if (node.items.length === 0) return "[]";
    return node.items.map((item) => `${margin}- ${block(item, indent + 2)}`).join("");
  }
  const pairs = node.pairs.map(([key, value]) => `${margin}${key}: ${block(value, indent + 2)}`);
  return [...pairs, ...(node.merge ? [`${margin}${mergeOf(node.merge)}`] : [])].join("");
}

describe("a fault has a place and a sentence", () => {
  test.each([
    ["a: 1\nb: =\n", "2:4 b = stands for no value; a text has to be in quotes"],
    ["a:\n  - <<\n", "2:5 a.0 << stands for no value; a text has to be in quotes"],
    ["a: 2001-02-30\n", "1:4 a this cannot be read as a date; a text has to be in quotes"],
    [
      "a: !x 1\n",
      "1:7 a this tag is not known, or not for such a value; a text that begins with ! has to be in quotes",
    ],
    [
      "a:\n  yes: 1\n",
      "2:3 a the name of an attribute has to be a text, found a boolean; put it in quotes",
    ],
    ["1: a\n", "1:1  the name of an attribute has to be a text, found a number; put it in quotes"],
    ["? [a]\n: b\n", "1:3  the name of an attribute has to be a text, found a list"],
    ["a: 1\n<<: 2\n", "2:5  << takes a map, or a list of maps"],
    ["a: &x [*x]\n", "1:8 a.0 this alias stands inside of what it names"],
    ["a: &x {<<: *x}\n", "1:12 a this alias stands inside of what it names"],
    ["a: &x 1\nb: &x 2\n", "2:7  this anchor is given twice"],
    ["a: 1\n__proto__: 2\n", '2:1  the attribute name "__proto__" is not allowed'],
    ["a: 1\n---\nb: 2\n", '2:1  Cannot read "node.yaml": it holds 2 documents, expected one'],
    ["a: '\u0001'\n", "1:5  this character is not allowed in YAML"],
  ])("%j", (text, expected) => expect(faultOf(text)).toBe(expected));

  test("nesting has a bound", () => {
    expect(faultOf(`${"[".repeat(202)}${"]".repeat(202)}`)).toStartWith("1:202 ");
    expect(faultOf("[".repeat(100_000))).toContain("items are nested too deep");
  });

  test("aliases and merges have a bound", () => {
    const lists = Array.from(
      { length: 9 },
      (_, at) => `l${at + 1}: &l${at + 1} [${Array(9).fill(`*l${at}`)}]`,
    );
    const maps = Array.from(
      { length: 40 },
      (_, at) => `m${at + 1}: &m${at + 1} {<<: [*m${at}, *m${at}]}`,
    );
    expect(faultOf(`l0: &l0 [a]\n${lists.join("\n")}\n`)).toContain(
      "aliases and merges make more than 100000 items",
    );
    expect(faultOf(`m0: &m0 {a: 1}\n${maps.join("\n")}\n`)).toBe("no fault");
  });
});

describe("places", () => {
  const text = `base: &base
  type: tcp
  port: &port 1
list:
  - <<: *base
    port: 2
  - *base
other: *port
`;
  const { places, value } = parseYaml(text, "node.yaml");

  test("are those at which an item is written, merged and aliased ones too", () => {
    expect(value).toMatchObject({
      list: [
        { type: "tcp", port: 2 },
        { type: "tcp", port: 1 },
      ],
      other: 1,
    });
    expect(places.value(["list", 0, "type"])).toEqual({ line: 2, column: 9 });
    expect(places.key(["list", 0, "type"])).toEqual({ line: 2, column: 3 });
    expect(places.value(["list", 0, "port"])).toEqual({ line: 6, column: 11 });
    expect(places.value(["list", 1])).toEqual({ line: 7, column: 5 });
    expect(places.key(["list", 1, "port"])).toEqual({ line: 3, column: 3 });
    expect(places.value(["other"])).toEqual({ line: 8, column: 8 });
  });

  test("of an attribute that is given twice are those of the last", () => {
    const twice = parseYaml("a: {b: 1}\na: {c: 2}\nd: 3\na: {e: 4}\n", "node.yaml");
    expect(twice.value).toEqual({ a: { e: 4 }, d: 3 });
    expect(twice.places.key(["a"])).toEqual({ line: 4, column: 1 });
    expect(twice.places.value(["a", "b"])).toEqual({ line: 4, column: 4 });
    expect(twice.warnings).toEqual([
      { path: ["a"], sentence: 'attribute "a" is also given in line 1; the last one counts' },
      { path: ["a"], sentence: 'attribute "a" is also given in line 2; the last one counts' },
    ]);
  });

  test("of what is merged over are no warning, nor is one repeated by aliases", () => {
    const text = "a: &a {b: 1, b: 2}\nc: [*a, *a]\nd: {<<: *a, b: 3}\n";
    expect(parseYaml(text, "node.yaml").warnings).toHaveLength(1);
  });
});
