/** Every attribute that is accepted and not honoured, in a node that has each of them somewhere. */

import { join } from "node:path";
import * as v from "valibot";
import { node } from "#config/node/node-schema.ts";
import { nodeSections } from "#config/node/node-sections.ts";
import { sectionsOf } from "#config/schema/schema-sections.ts";
import {
  coreOf,
  type Schema,
  type Shape,
  shapeOf,
  visitValue,
} from "#config/schema/schema-shape.ts";
import { unhonouredOf } from "#config/schema/unhonoured.ts";
import { printJsonPath } from "#config/text/config-issue.ts";
import { nodeWith } from "./loaded-node.ts";

/** A place of an attribute, with a value that is warned of and (where there is one) a value that is not. */
export interface UnhonouredCase {
  /** The section of the attribute, or of the attribute `type`, and its name or value. */
  attribute: string;
  path: string;
  warned: unknown;
  others: unknown[];
  consequence: string;
}

const expired = join(import.meta.dir, "../fixtures/tls/expired");
const proxyNode = { authorized_keys: ["00".repeat(32)] };
const anonymous = { anonymous: { type: "static" } };

const rawsocket = () => ({
  type: "rawsocket",
  endpoint: { type: "unix", path: "router.sock" },
  serializer: "cbor",
});

const websocket = () => ({
  type: "websocket",
  endpoint: { type: "unix", path: "router.sock" },
  url: "ws://localhost",
  options: {},
});

/** A component of each type, with these attributes beside its own. */
function componentsOfEachType(others: () => object): object[] {
  return [
    { type: "class", classname: "a.B", realm: "realm1", ...others() },
    { type: "function", realm: "realm1", ...others() },
    { type: "wamplet", package: "a", entrypoint: "b", realm: "realm1", ...others() },
  ];
}

/** The sound node, and what it lacks: something with every attribute that is not honoured. */
export const wholeNode = [
  [
    "$.workers[1].transports[0].endpoint.tls",
    { key: `${expired}.key`, certificate: `${expired}.pem` },
  ],
  [
    "$.workers[0].transports[1]",
    {
      type: "rawsocket",
      endpoint: { type: "unix", path: "signed.sock" },
      auth: { "cryptosign-proxy": { type: "static", principals: { node1: proxyNode } } },
    },
  ],
  [
    "$.workers[0].transports[2]",
    {
      type: "mqtt",
      endpoint: { type: "unix", path: "mqtt.sock" },
      options: {
        realm: "realm1",
        auth: anonymous,
        payload_mapping: { a: { type: "native", serializer: "json" } },
      },
    },
  ],
  ["$.workers[0].realms[0].options", {}],
  ["$.workers[0].realms[0].store", { type: "memory", "event-history": [{ uri: "a" }] }],
  ["$.workers[0].components", componentsOfEachType(() => ({}))],
  ["$.workers[1].options", {}],
  ["$.workers[1].transports[0].paths.ws.auth.ticket", { type: "function", create: "a.b" }],
  ["$.workers[0].transports[0].options", {}],
  ["$.workers[1].transports[0].paths.poll", { type: "longpoll", auth: anonymous, options: {} }],
  [
    "$.workers[3]",
    {
      type: "container",
      options: {},
      components: [
        ...componentsOfEachType(() => ({ transport: rawsocket() })),
        { type: "class", classname: "a.B", realm: "realm1", transport: websocket() },
      ],
    },
  ],
  [
    "$.workers[2]",
    {
      type: "websocket-testee",
      options: {},
      transport: { type: "websocket", endpoint: { type: "unix", path: "testee.sock" } },
    },
  ],
].reduce<unknown>(
  (base, [path, value]) => nodeWith(String(path), value, base),
  nodeWith("$.version", 2),
);

/** Values to choose from; what a schema accepts of them is tried. */
const CANDIDATES = [
  ...[true, false, null, 0, 1, 8, 9, 50, 512, "a"],
  ...[[], [{}], ["a"], [0], {}, { a: 1 }],
];

/** That node with one of the values. */
export function nodeOfCase({ path }: UnhonouredCase, value: unknown): unknown {
  return nodeWith(path, value, wholeNode);
}

/** All places of all of them. */
export function unhonouredCases(): UnhonouredCase[] {
  const paths = new Map(sectionsOf(nodeSections).map(({ schema, path }) => [schema, path]));
  const cases: UnhonouredCase[] = [];
  visitValue(node, wholeNode, [], (schema, _value, at) => {
    const section = paths.get(coreOf(schema));
    if (section === undefined) return;
    for (const [name, step, inner] of attributesOf(shapeOf(schema))) {
      const path = printJsonPath([...at, ...step]);
      cases.push(...caseOf(`${section} ${name}`, path, inner));
    }
  });
  return cases;
}

/** The name of each attribute, the steps to a value of it, and the schema of that value. */
function attributesOf(shape: Shape): [name: string, steps: string[], schema: Schema][] {
  if (shape.kind === "types") {
    return Object.entries(shape.unlisted).flatMap(([type, one]) => {
      const item = shapeOf(one);
      const schema = item.kind === "item" ? item.entries["type"] : undefined;
      return schema ? [[type, ["type"], schema]] : [];
    });
  }
  if (shape.kind !== "item") return [];
  const named = Object.entries(shape.entries).map(([name, schema]): [string, string[], Schema] => {
    const inner = shapeOf(schema);
    return inner.kind === "map" && !unhonouredOf(schema)
      ? [name, [name, "any"], inner.value]
      : [name, [name], schema];
  });
  return shape.rest ? [...named, ["*", ["other"], shape.rest]] : named;
}

function caseOf(attribute: string, path: string, schema: Schema): UnhonouredCase[] {
  const unhonoured = unhonouredOf(schema);
  if (unhonoured === undefined) return [];
  const shape = shapeOf(schema);
  const candidates = [...CANDIDATES, ...(shape.kind === "words" ? shape.words : [])];
  const values = candidates.filter((value) => v.is(schema, value));
  const warned = values.find((value) => unhonoured.matches(value));
  const others = values.filter((value) => !unhonoured.matches(value));
  return [{ attribute, path, warned, others, consequence: unhonoured.consequence }];
}
