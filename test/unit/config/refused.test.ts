/** Everything of Crossbar that is known and not supported, with the sentence that it is refused with. */

import { expect, test } from "bun:test";
import { namesWithStatus } from "../../support/compatibility-table.ts";
import { loadNode, namesIn, nodeWith } from "../../support/loaded-node.ts";

const router = "$.workers[0]";
const proxy = "$.workers[1]";
const web = `${proxy}.transports[0]`;
const ws = `${web}.paths.ws`;
const connection = `${proxy}.connections.ws`;

/** Values that one attribute cannot have; `sentence` is told each. */
const values = (path: string, names: string[], sentence: (name: string) => string) =>
  names.map((name) => [path, name, sentence(name)] as [string, unknown, string]);

const refused: [path: string, value: unknown, sentence: string][] = [
  ["$.version", 3, "expected 1 or 2, found 3: this program reads no other version"],
  ...values(
    `${web}.endpoint.type`,
    ["twisted", "onion"],
    (type) => `endpoint type "${type}" is not supported`,
  ),
  [`${connection}.transport.endpoint.type`, "tor", 'endpoint type "tor" is not supported'],
  ...["ubjson", "flatbuffers"].map((name): [string, unknown, string] => [
    `${connection}.transport.serializers`,
    [name],
    `serializer "${name}" is not supported`,
  ]),
  [
    `${web}.paths.files`,
    { type: "static", directory: "web", package: "a", resource: "b" },
    'expected either "directory" or "package" and "resource"',
  ],
  [`${connection}.transport`, undefined, "required attribute is missing"],
  [`${connection}.transport.proxy`, {}, "connecting through an HTTP proxy is not supported"],
  [
    `${connection}.transport.realm`,
    "realm1",
    "a backend for one realm is not supported; use connections and routes",
  ],
  [
    `${connection}.transport.url`,
    "http://localhost",
    'expected a URL such as "ws://localhost", found "http://localhost"',
  ],
  [
    `${connection}.transport.url`,
    "ws://localhost/#a",
    'expected a URL without a fragment, found "ws://localhost/#a"',
  ],
  [`${web}.paths.own.backends`, [], "expected exactly one backend, found 0"],
  [`${proxy}.routes.realm1.anonymous`, "other", 'unknown connection "other"'],
  [`${proxy}.id`, "worker001", 'worker id "worker001" is given twice'],
  [`${router}.options.nice`, 1, 'unknown attribute "nice"'],
  ...[999, 2_147_483_648].map((ms): [string, unknown, string] => [
    `${ws}.options.auto_ping_timeout`,
    ms,
    `expected 0, or 1000 to 2147483647 milliseconds, found ${ms}`,
  ]),
];

test.each(refused)("%s: %p is refused", async (path, value, sentence) => {
  const { config, faults } = await loadNode(nodeWith(path, value));
  expect(config).toBeNull();
  expect(faults).toContain(`${path}: ${sentence}`);
});

test("what docs/compatibility.md calls refused is in this file", () => {
  const here = new Set(refused.flatMap(([path, value]) => [...namesIn(path), String(value)]));
  const isHere = (name: string) => here.has(name) || namesIn(name).every((part) => here.has(part));
  expect(namesWithStatus("refused").filter((name) => !isHere(name))).toEqual([]);
});
