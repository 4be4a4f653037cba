/** Every attribute changes what a worker gets, or is warned of, or is said to have no effect. */

import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { loadNodeConfig } from "#config/load.ts";
import { node } from "#config/node/node-schema.ts";
import { nodeSections } from "#config/node/node-sections.ts";
import { keywordsOf } from "#config/schema/json-keywords.ts";
import { sectionsOf } from "#config/schema/schema-sections.ts";
import {
  absenceOf,
  coreOf,
  descriptionOf,
  type Schema,
  shapeOf,
  visitValue,
} from "#config/schema/schema-shape.ts";
import { printJsonPath } from "#config/text/config-issue.ts";
import { nodeWith } from "../../support/loaded-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { wholeNode } from "../../support/unhonoured-cases.ts";

/** What the reference says of an attribute without effect. */
const WITHOUT =
  /^Accepted[,;] (has no effect|the endpoint decides)|editors; has no effect|mean the same/;

const folder = temporaryFolder();
mkdirSync(join(folder, "web"));

const env = { A: "8080" };
const keys = ["00".repeat(32)];
const derived = { secret: "a", salt: "b", iterations: 1, keylen: 32 };
const auth = {
  anonymous: { type: "static" },
  ticket: { type: "static", principals: { joe: { ticket: "a" } } },
  wampcra: { type: "static", users: { joe: derived } },
  cryptosign: { type: "static", principals: { joe: { authorized_keys: keys } } },
  scram: { type: "dynamic", authenticator: "a.b" },
};
const tcp = (port: number) => ({ type: "tcp", port });
const signed = {
  transport: { type: "rawsocket", endpoint: { ...tcp(1), host: "localhost", tls: {} } },
  auth: { "cryptosign-proxy": {} },
};
const testee = { type: "websocket.testee", endpoint: tcp(8082), options: {} };
const bridge = { type: "caller", realm: "realm1", role: "anonymous", options: {} };
const bearer = { issuer: "a", audience: "b", jwks_url: "https://a/" };
const tokens = { ...bridge, auth: { bearer } };
const hook = { type: "webhook", realm: "realm1", role: "anonymous", options: { topic: "a" } };
const upload = {
  type: "upload",
  realm: "realm1",
  role: "anonymous",
  directory: "uploaded",
  form_fields: {
    file_name: "a",
    total_size: "b",
    chunk_number: "c",
    chunk_size: "d",
    total_chunks: "e",
    content: "f",
  },
  options: {},
};
const pages = {
  type: "wap",
  templates: "web",
  routes: [{ path: "/x", method: "GET", render: "a.html" }],
  wamp: { realm: "realm1", authrole: "anonymous" },
};
const stdin = { type: "json", value: 1 };

/** What that node lacks. */
const base = [
  ["$.workers[0].realms[0].roles[0].permissions[0].disclose", {}],
  ["$.workers[1].transports[0].paths.call", bridge],
  ["$.workers[1].transports[0].paths.tokens", tokens],
  ["$.workers[1].transports[0].paths.hook", hook],
  ["$.workers[1].transports[0].paths.upload", upload],
  ["$.workers[1].transports[0].paths.app", { type: "reverseproxy", host: "h", options: {} }],
  [
    "$.workers[1].transports[0].paths.sse",
    { type: "sse", realm: "realm1", role: "anonymous", topics: [{ topic: "a" }], options: {} },
  ],
  ["$.workers[1].transports[0].paths.poll.auth", auth],
  ["$.workers[1].transports[0].paths.pages", pages],
  ["$.workers[1].transports[0].paths.red", { type: "redirect", url: "http://localhost/" }],
  ["$.workers[1].transports[0].paths.files.options", {}],
  [
    "$.workers[1].transports[2]",
    { type: "websocket", endpoint: { type: "unix", path: "w.sock" }, options: {}, auth },
  ],
  ["$.workers[1].transports[3]", { type: "rawsocket", endpoint: tcp(8081), options: {}, auth }],
  ["$.workers[1].transports[4]", testee],
  ["$.workers[1].connections.signed", signed],
  ["$.workers[1].connections.raw.health_check", {}],
  ["$.workers[1].routes.realm2", { anonymous: ["raw", "ws"] }],
  ["$.workers[1].balancing", {}],
  ["$.workers[4]", { type: "guest", executable: "sh", options: { env: {}, stdin, watch: {} } }],
].reduce<unknown>((made, [path, value]) => nodeWith(String(path), value, made), wholeNode);

/** Values to choose from; what a schema accepts of them is tried. */
const VALUES = [
  ...[true, false, 0, 1, 2, 8, 9, 12, 50, 512, 1000, 1500, 30_000, 1_048_577],
  ...["a", "a.b", "abc", "0660", "$A", "/usr/bin/python3", "close", "10.0.0.1", "ws://a"],
  ...[["a"], ["abc"], ["unix"], ["10.0.0.1"], ["00"], [0], [1, 2], { a: "b" }],
];

/** What an operator and the workers get of a node; null: it has faults. */
async function outcomeOf(value: unknown): Promise<string | null> {
  const file = join(folder, "node.json");
  writeFileSync(file, JSON.stringify(value));
  const { config, warnings } = await loadNodeConfig(file, env);
  const sentences = warnings.map(({ path, sentence }) => `${path}: ${sentence}`);
  return config && JSON.stringify([config, sentences]);
}

/** The attributes that are no items, by section and name, each with one place and its schema. */
function attributes(): Map<string, [path: string, schema: Schema][]> {
  const sections = new Map(sectionsOf(nodeSections).map(({ schema, path }) => [schema, path]));
  const found: [name: string, path: string, schema: Schema][] = [];
  visitValue(node, base, [], (schema, value, at) => {
    const section = sections.get(coreOf(schema));
    const shape = shapeOf(schema);
    if (section === undefined || value === undefined || shape.kind !== "item") return;
    for (const [name, inner] of Object.entries(shape.entries)) {
      if (["item", "types", "map"].includes(shapeOf(inner).kind)) continue;
      found.push([`${section} ${name}`, printJsonPath([...at, name]), inner]);
    }
  });
  const places = Map.groupBy(found, ([name]) => name);
  return new Map([...places].map(([name, all]) => [name, all.map(([, path, one]) => [path, one])]));
}

/** Whether some value of an attribute makes a difference; null: none could be tried. */
async function hasEffect(path: string, schema: Schema, plain: string): Promise<boolean | null> {
  const shape = shapeOf(schema);
  const { minimum, maximum } = keywordsOf(schema);
  const words = shape.kind === "words" ? shape.words : [];
  const known: unknown = absenceOf(schema).default;
  let wasTried = false;
  for (const value of [...VALUES, ...words, minimum, maximum]) {
    if (value === undefined || !v.is(schema, value)) continue;
    const outcome = await outcomeOf(nodeWith(path, value, base));
    if (outcome === null) continue;
    if (outcome !== plain) return true;
    wasTried ||= value !== known;
  }
  return wasTried ? false : null;
}

/** The same for the first few of its places. */
async function hasEffectSomewhere(
  places: readonly [path: string, schema: Schema][],
  plain: string,
): Promise<boolean | null> {
  let found: boolean | null = null;
  for (const [path, schema] of places.slice(0, 4)) {
    const here = await hasEffect(path, schema, plain);
    if (here === true) return true;
    found ??= here;
  }
  return found;
}

/** One of them has to be there, and it is the presence that counts. */
const PRESENCE = ["anonymous-proxy", "cryptosign-proxy"].map(
  (name) => `node.workers[] (proxy).connections.*.auth ${name}`,
);

test("an attribute has an effect or a warning, and only others are described as without", async () => {
  const plain = await outcomeOf(base);
  if (plain === null) throw new Error("expected a node without faults");
  const silent: string[] = [];
  const described: string[] = [];
  let tried = 0;
  for (const [name, places] of attributes()) {
    const [, schema] = places[0] ?? [];
    if (schema === undefined || PRESENCE.includes(name)) continue;
    const shape = shapeOf(schema);
    // The one value of a `type` is no choice.
    if (shape.kind === "words" && shape.words.length === 1) continue;
    const effect = await hasEffectSomewhere(places, plain);
    if (effect !== null) tried += 1;
    if (effect === false) silent.push(name);
    if (WITHOUT.test(descriptionOf(schema))) described.push(name);
  }
  expect(silent).toEqual(described);
  expect(tried).toBeGreaterThan(250);
}, 120_000);
