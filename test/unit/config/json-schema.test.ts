/** docs/node-json.schema.json: accepts what the program accepts, and finds common mistakes. */

import { describe, expect, test } from "bun:test";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as v from "valibot";
import { loadNodeConfig } from "#config/load.ts";
import { nodeJsonSchema } from "#config/node/node-json-schema.ts";
import { node } from "#config/node/node-schema.ts";
import { nodeSections } from "#config/node/node-sections.ts";
import { sectionsOf } from "#config/schema/schema-sections.ts";
import { visitValue } from "#config/schema/schema-shape.ts";
import { printJsonPath } from "#config/text/config-issue.ts";
import { blocksOf, DOCUMENTS, ROOT } from "../../support/documents.ts";
import { nodeWith } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";
import { nodeOfCase, unhonouredCases } from "../../support/unhonoured-cases.ts";

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
const validate = ajv.compile(nodeJsonSchema());

/** The faults that a validator finds, such as `/workers/0/id: must be string`. */
function faultsOf(value: unknown): string[] {
  // Undefined attributes are none, as in a file.
  validate(JSON.parse(JSON.stringify(value)));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

const files = globSync(["examples/**/node.json", "test/fixtures/config/*.json"], { cwd: ROOT });

test.each(files)("accepts %s, unless the program refuses it", async (name) => {
  const file = join(ROOT, name);
  const env = Object.fromEntries(
    [...readFileSync(file, "utf8").matchAll(/\$\{?(\w+)\}?/g)].map(([, variable]) => [
      variable,
      "1",
    ]),
  );
  const { faults } = await loadNodeConfig(file, env);
  // Certificates, secrets and folders that an example makes first are no matter of a schema.
  if (faults.some(({ sentence }) => !/^Cannot /.test(sentence))) return;
  expect(faultsOf(JSON.parse(readFileSync(file, "utf8")))).toEqual([]);
});

test("accepts every configuration of the documents", () => {
  const nodes = DOCUMENTS.flatMap(blocksOf)
    .filter(({ language, place }) => language === "json" && place === null)
    .map(({ text }) => JSON.parse(text))
    .filter((value) => "workers" in value);
  expect(nodes.length).toBeGreaterThan(2);
  for (const node of nodes) expect(faultsOf(node)).toEqual([]);
});

test("accepts whatever the schemas of the program accept, whichever value is another", () => {
  const values = [true, false, null, 0, 1, 1000, "a", "$A", [], ["a"], [1, 2], {}, { a: {} }];
  const paths: string[] = [];
  visitValue(node, nodeWith("$.version", 2), [], (_schema, _value, path) => {
    if (path.length > 0) paths.push(printJsonPath(path));
  });
  let accepted = 0;
  for (const path of new Set(paths)) {
    for (const value of values) {
      const other = nodeWith(path, value);
      if (!v.is(node, other)) continue;
      accepted += 1;
      expect([path, value, ...faultsOf(other)]).toEqual([path, value]);
    }
  }
  expect(accepted).toBeGreaterThan(50);
});

test("accepts whatever is not honoured", () => {
  for (const one of unhonouredCases()) {
    for (const value of [one.warned, ...one.others]) {
      expect([one.path, ...faultsOf(nodeOfCase(one, value))]).toEqual([one.path]);
    }
  }
});

describe("refuses", () => {
  const proxy = "$.workers[1]";
  const web = `${proxy}.transports[0]`;
  test.each(
    titled<[path: string, value: unknown]>([
      ["$.version", 1],
      ["$.version", undefined],
      ["$.worker", []],
      ["$.controller.id", "Node 1"],
      [`${proxy}.type`, "guest"],
      ["$.workers[0].options.nice", 1],
      [`${proxy}.routes.realm1.anonymous`, [""]],
      [`${proxy}.connections.ws.transport.proxy`, {}],
      [`${proxy}.connections.raw.transport.options.max_message_size`, 511],
      [`${web}.endpoint.port`, 65_536],
      [`${web}.endpoint.port`, "8080"],
      [`${web}.endpoint.portrange`, [1]],
      [`${web}.paths["a.b"]`, { type: "nodeinfo" }],
      [`${web}.paths.files.directory`, ""],
      [`${web}.paths.ws.serializers`, []],
      [`${web}.paths.ws.serializers[0]`, "xml"],
      [`${web}.paths.ws.auth`, "passthru"],
      [`${web}.paths.ws.auth.anonymous.type`, "function"],
      [`${web}.paths.ws.options.auto_ping_interval`, 30],
      [`${web}.paths.own.backends`, []],
    ]),
  )("%s", (_title, path, value) => {
    expect(faultsOf(nodeWith(path, value))).not.toEqual([]);
  });

  test("no sound node", () => {
    expect(faultsOf(nodeWith("$.$schema", "./node-json.schema.json"))).toEqual([]);
  });
});

test("has a definition for every section, with a name of its own", () => {
  const { $defs } = nodeJsonSchema() as { $defs: Record<string, unknown> };
  expect(Object.keys($defs)).toHaveLength(sectionsOf(nodeSections).length);
});

test("marks what is not honoured, and says why", () => {
  const { $defs } = nodeJsonSchema() as {
    $defs: Record<string, { properties: Record<string, unknown> }>;
  };
  expect($defs["workers.options"]?.properties["python"]).toEqual({
    type: "string",
    description: "Accepted, not honoured: it has no meaning for this program.",
    deprecated: true,
  });
  expect($defs["transports.websocket.options"]?.properties["apply_mask"]).toEqual({
    type: "boolean",
    description: "Accepted; `false` is not honoured: frames of clients are always unmasked.",
  });
  expect($defs["transports.endpoint.unix"]?.properties["permission"]).toEqual({
    type: "string",
    pattern: "^0?[0-7]{3}$",
    description: "Mode of the socket file, octal.",
    default: "0600",
  });
});
