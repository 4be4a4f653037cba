/** Every attribute that is accepted and not honoured; the schemas say which, and what follows. */

import { expect, test } from "bun:test";
import { unhonouredAttributes } from "../../../scripts/unhonoured-attributes.ts";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";
import { nodeOfCase, unhonouredCases } from "../../support/unhonoured-cases.ts";

const router = "$.workers[0]";
const proxy = "$.workers[1]";
const web = `${proxy}.transports[0]`;
const cases = unhonouredCases();

async function unhonouredOf(node: unknown) {
  const { faults, warnings } = await loadNode(node);
  expect(faults).toEqual([]);
  return warnings.filter((warning) => warning.includes(": not honoured: "));
}

test.each(
  titled(
    cases.map((one) => [one.path, one.warned, one] as const),
    2,
  ),
)("warns of %s", async (_title, path, warned, one) => {
  const { consequence } = one;
  expect(await unhonouredOf(nodeOfCase(one, warned))).toEqual([
    `${path}: not honoured: ${consequence}`,
  ]);
});

test.each(
  titled(
    cases.flatMap((one) => one.others.map((value) => [one.path, value, one] as const)),
    2,
  ),
)("does not warn of %s", async (_title, _path, value, one) => {
  expect(await unhonouredOf(nodeOfCase(one, value))).toEqual([]);
});

test("every attribute that is not honoured is tried, with and without effect", () => {
  const all = unhonouredAttributes().flatMap(({ paths, names, words }) =>
    paths.flatMap((path) =>
      names.map((name) => ({ attribute: `${path.replace(/\.type$/, "")} ${name}`, words })),
    ),
  );
  const tried = new Map(cases.map((one) => [one.attribute, one]));
  expect([...tried.keys()].toSorted()).toEqual(all.map((one) => one.attribute).toSorted());
  for (const { attribute, words } of all) {
    expect(tried.get(attribute)?.warned).toBeDefined();
    expect(tried.get(attribute)?.others.length !== 0).toBe(words !== null);
  }
});

test.each(
  titled(
    [
      [`${web}.paths.ws.options.validate_utf8`, false, "text is always checked to be UTF-8"],
      [`${web}.paths.zip.type`, "pairme", "requests for it are answered with 501"],
      [
        `${web}.paths.zip.type`,
        "wsgi",
        "requests for it are answered with 501; run the program as a guest, and lead to it with a reverseproxy",
      ],
    ],
    2,
  ),
)("warns of %s, with what follows", async (_title, path, value, consequence) => {
  const { faults, warnings } = await loadNode(nodeWith(path, value));
  expect([...faults, ...warnings]).toEqual([`${path}: not honoured: ${consequence}`]);
});

test("what a disabled worker does not honour is not warned of", async () => {
  const options = { disabled: true, traceback: "a" };
  expect(await unhonouredOf(nodeWith(`${proxy}.options`, options))).toEqual([]);
});

test("a value that is a fault is not warned of as well", async () => {
  const path = `${router}.options.expose_shared`;
  const { faults, warnings } = await loadNode(nodeWith(path, 1));
  expect([...faults, ...warnings]).toEqual([`${path}: expected boolean, found 1`]);
});

test.each(
  titled([
    ["$.$schema", "https://example.com/schema.json"],
    [`${router}.realms[0].id`, "realm1"],
    [`${router}.realms[0].roles[0].id`, "role1"],
    [`${router}.realms[0].roles[0].permissions[0].cache`, true],
    [`${router}.transports[0].debug`, true],
    [`${web}.paths.ws.debug`, true],
    [`${web}.paths.ws.url`, "ws://localhost/ws"],
    [`${web}.paths.ws.auth.anonymous.realm`, "realm1"],
    [`${web}.endpoint.backlog`, 50],
    [`${proxy}.transports[1].web.type`, "web"],
    [`${proxy}.transports[1].rawsocket.type`, "rawsocket"],
  ]),
)("gives no warning: %s", async (_title, path, value) => {
  const { faults, warnings } = await loadNode(nodeWith(path, value));
  expect([...faults, ...warnings]).toEqual([]);
});
