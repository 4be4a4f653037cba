/** Whatever stands in a file, it is loaded or its faults are named; nothing is thrown. */

import { beforeAll, describe, expect, test } from "bun:test";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { loadNodeConfig } from "#config/load.ts";
import { checkMachine, thisMachine } from "#config/machine-checks.ts";
import { type ConfigIssue, printIssue } from "#config/text/config-issue.ts";
import { blocksOf, DOCUMENTS, ROOT } from "../../support/documents.ts";
import { nodeWith } from "../../support/loaded-node.ts";
import { MUTATIONS, mutate, yamlOf } from "../../support/mutations.ts";
import { structureFaultsOf } from "../../support/normalized-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { titled } from "../../support/titles.ts";

/** The variables of the examples, and one of the mutations. */
const env = {
  A: "8080",
  ALICE_TICKET: "secret1",
  AUTHENTICATOR_TICKET: "secret1",
  AUTHORIZER_TICKET: "secret1",
  BACKEND_TICKET: "secret1",
};

/** The property is tried for so long at most. */
const MOST_MS = 12_000;

const files = globSync(["examples/**/node.json", "test/fixtures/config/*.json"], { cwd: ROOT });
const corpus: unknown[] = [
  nodeWith("$.version", 2),
  ...files.map((name) => readFileSync(join(ROOT, name), "utf8")).flatMap(parsed),
  ...DOCUMENTS.flatMap(blocksOf)
    .filter(({ language, place }) => language === "json" && place === null)
    .flatMap(({ text }) => parsed(text))
    .filter((value) => Object.hasOwn(Object(value), "workers")),
];

function parsed(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}

let folder = "";

beforeAll(() => {
  folder = temporaryFolder({ "secret.txt": "secret1\n" });
  for (const name of ["node/web", "web"]) mkdirSync(join(folder, name), { recursive: true });
});

const line =
  /^node\.json:\d+:\d+ {2}\$(?:[\w.[\]$]|\["(?:[^"\\]|\\.)*("\]|… \(\d+ characters\)))*(… \(\d+ characters\))?: \P{Cc}{1,530}$/u;

async function loadText(text: string, name: string) {
  const file = join(folder, "node", name);
  writeFileSync(file, text);
  return loadNodeConfig(file, env);
}

/** What is wrong with the answer for a text. */
async function wrongWith(text: string, name: string): Promise<string[]> {
  const { config, faults, warnings, needs } = await loadText(text, name);
  const wrong = [...faults, ...warnings, ...checkMachine(needs, thisMachine())]
    .filter(isNoLine)
    .map(printIssue);
  if ((config === null) !== faults.length > 0)
    wrong.push("a configuration beside faults, or none without");
  if (config === null) return wrong;
  const sent: unknown = JSON.parse(JSON.stringify(config));
  if (!Bun.deepEquals(sent, config, true)) wrong.push("it does not survive as JSON");
  return [...wrong, ...structureFaultsOf(config)];
}

function isNoLine(issue: ConfigIssue): boolean {
  return (
    !line.test(printIssue({ ...issue, file: "node.json" })) || issue.sentence.includes("[object")
  );
}

test.each(corpus.map((_, index) => index))("the corpus itself is loaded: %i", async (index) => {
  expect(await wrongWith(JSON.stringify(corpus[index]), "node.json")).toEqual([]);
});

describe("of a file that once ended the program", () => {
  const proxyAnd = (...others: object[]) => ({
    version: 2,
    workers: [
      ...others,
      {
        type: "proxy",
        connections: {},
        routes: { realm1: { anonymous: "constructor" } },
        transports: [{ type: "web", endpoint: { type: "unix", path: "a.sock" }, paths: {} }],
      },
    ],
  });
  const at = "$.workers[0]";
  test.each(
    titled<[string, unknown]>(
      [
        [`${at}: expected object, found list`, { version: 2, workers: [[{ type: "router" }]] }],
        [`${at}.routes.realm1.anonymous: unknown connection "constructor"`, proxyAnd()],
      ],
      1,
    ),
  )("%s", async (_title, fault, value) => {
    const { faults } = await loadText(JSON.stringify(value), "node.json");
    expect(faults.map(printIssue).map((text) => text.replace(/^\S+ {2}/, ""))).toEqual([fault]);
  });

  test("names that the system refuses", async () => {
    const directory = `/${"x".repeat(5000)}`;
    const value = nodeWith("$.workers[1].transports[0].paths.files", { type: "static", directory });
    const { faults, warnings } = await loadText(JSON.stringify(value), "node.json");
    expect(faults).toEqual([]);
    expect(warnings.map(printIssue)[0]).toEndWith("requests for it are answered with 404");
  });
});

describe("a fault does not quote", () => {
  test.each(
    titled<[fault: string, path: string, value: unknown]>([
      [
        'expected "router", "proxy", "container", "guest" or "websocket-testee", found object',
        "$.workers[0].type",
        { a: "secret1" },
      ],
      [
        'expected "tcp" or "unix", found object',
        "$.workers[1].transports[0].endpoint.type",
        { constructor: { name: "secret1" } },
      ],
      [
        "ignored: expected an integer from 512 to 16777216, found object",
        "$.workers[1].connections.raw.transport.options.max_message_size",
        { constructor: null },
      ],
      ["expected 4 or 6, found list", "$.workers[1].transports[0].endpoint.version", ["secret1"]],
      [
        "expected a connection id or a list of them, found object",
        "$.workers[1].routes.realm1.anonymous",
        { a: "secret1" },
      ],
      [
        'expected "tcp" or "unix", found list',
        "$.workers[1].transports[0].endpoint.type",
        ["secret1"],
      ],
      [
        `expected boolean, found "${"x".repeat(99)}… (5002 characters)`,
        "$.workers[1].transports[0].endpoint.shared",
        "x".repeat(5000),
      ],
      [
        'expected boolean, found "\\u001b[2J\\n"',
        "$.workers[1].transports[0].endpoint.shared",
        "\u001b[2J\n",
      ],
    ]),
  )("more than %s", async (_title, fault, path, value) => {
    const { faults, warnings } = await loadText(JSON.stringify(nodeWith(path, value)), "node.json");
    expect([...faults, ...warnings].map(printIssue)[0]).toEndWith(`  ${path}: ${fault}`);
  });
});

test.each([
  ["$.workers[0].transports[0].options.secret", ""],
  ["$.workers[1].options.password", "meaningless"],
  ["$.workers[1].transports[0].paths.json.ticket", ""],
  ["$.workers[1].transports[0].key", ""],
  ["$.workers[1].connections.ws.transport.endpoint.tls", { key: 4711 }],
  ["$.workers[1].connections.ws.transport.url", "http://joe:hunter2@localhost"],
  ["$.workers[1].transports[0].paths.zip.origin", "ftp://hunter2@localhost/a.zip"],
])("a secret at %s is not quoted", async (path, value) => {
  const secret = value === "" || value === "meaningless" ? "hunter2" : value;
  const { faults, warnings } = await loadText(JSON.stringify(nodeWith(path, secret)), "node.json");
  expect(faults.length + warnings.length).toBeGreaterThan(0);
  expect([...faults, ...warnings].map(printIssue).join("\n")).not.toMatch(/hunter2|4711/);
});

const mutation = fc.record({ kind: fc.constantFrom(...MUTATIONS), at: fc.nat(), other: fc.nat() });
const mutated = fc
  .record({
    base: fc.nat(),
    mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
  })
  .map(({ base, mutations }) => mutate(corpus[base % corpus.length], mutations));

test("of a mutated configuration every fault is a line, or it is sound", async () => {
  await fc.assert(
    fc.asyncProperty(mutated, fc.boolean(), async (value, isYaml) => {
      const text = isYaml ? yamlOf(value) : JSON.stringify(value ?? null);
      expect(await wrongWith(text, isYaml ? "node.yaml" : "node.json")).toEqual([]);
    }),
    { numRuns: 4_000, interruptAfterTimeLimit: MOST_MS, endOnFailure: false },
  );
}, 60_000);
