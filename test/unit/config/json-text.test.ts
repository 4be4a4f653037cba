/** Values that are sent as JSON: the digits of the file. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith, transportsOf } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

/** A configuration whose text holds the value as it is written. */
const inFile = (written: string) =>
  JSON.stringify({
    version: 2,
    workers: [
      {
        type: "router",
        transports: [
          {
            type: "web",
            endpoint: { type: "unix", path: "a.sock" },
            paths: { a: { type: "json", value: "VALUE" } },
          },
          {
            type: "websocket",
            endpoint: { type: "unix", path: "b.sock" },
            auth: { ticket: { type: "function", create: "a.b", config: ["VALUE"] } },
          },
        ],
        realms: [{ name: "realm1" }],
        components: [{ type: "class", classname: "a.B", realm: "realm1", extra: { a: "VALUE" } }],
      },
      {
        type: "guest",
        executable: "a",
        options: { stdin: { type: "json", value: ["VALUE"] } },
      },
    ],
  }).replaceAll('"VALUE"', written);

async function texts(text: string, name: string) {
  const { config, faults, warnings } = await loadNode(text, {}, name);
  const [router, guest] = config?.workers ?? [];
  const [web] = transportsOf(config);
  const service = web?.type === "web" ? web.paths["a"] : undefined;
  const authenticators = router?.type === "router" ? router.authenticators : undefined;
  return {
    faults,
    warnings: warnings.filter((one) => one.includes("JSON")),
    config: authenticators?.list[0]?.config,
    value: service?.type === "json" ? service.text : undefined,
    extra: router?.type === "router" ? router.components?.list[0]?.extra : undefined,
    stdin: guest?.type === "guest" ? guest.options.stdin : undefined,
  };
}

const NUMBERS = [
  "12345678901234567890",
  "9007199254740993",
  "-0",
  "1.0",
  "1e400",
  "1E5",
  "-1.50e-7",
  "0.1000000000000000055511151231257827",
];

describe("of a value in JSON", () => {
  test.each([...NUMBERS, '{"a":[1,"\\u00e9",null,{"b":true}],"":{}}'])("%s", async (written) => {
    const served = written.includes("u00e9") ? written.replace("\\u00e9", "é") : written;
    expect(await texts(inFile(written), "node.json")).toEqual({
      faults: [],
      warnings: [],
      value: served,
      config: `[${served}]`,
      extra: `{"a":${served}}`,
      stdin: { text: `[${served}]`, close: true },
    });
  });
});

describe("of a value in YAML", () => {
  test.each(
    titled<[written: string, served: string]>([
      ["12345678901234567890", "12345678901234567890"],
      ["0xFFFFFFFFFFFFFFFFFF", "4722366482869645213695"],
      ["1_000", "1000"],
      ["1:30", "90"],
      ["1.0", "1.0"],
      ["1.", "1.0"],
      ["-0.0", "-0.0"],
      ["1.50e+3", "1.50e+3"],
      ["1.0e+400", "1.0e+400"],
    ]),
  )("%s", async (_title, written, served) => {
    expect(await texts(inFile(written), "node.yaml")).toMatchObject({ faults: [], value: served });
  });

  test.each(
    titled<[written: string, name: string]>([
      [".inf", "Infinity"],
      ["-.inf", "-Infinity"],
      [".nan", "NaN"],
    ]),
  )("%s is sent as Python writes it, with a warning", async (_title, written, name) => {
    const { value, stdin, faults, warnings } = await texts(inFile(written), "node.yaml");
    expect({ value, stdin, faults }).toEqual({
      value: name,
      stdin: { text: `[${name}]`, close: true },
      faults: [],
    });
    const sentence = `JSON has no number ${name}: it is sent as in Crossbar, and many programs cannot read it`;
    expect(warnings).toEqual([
      `$.workers[0].transports[0].paths.a.value: ${sentence}`,
      `$.workers[1].options.stdin.value[0]: ${sentence}`,
    ]);
  });

  test.each(
    titled<[written: string, kind: string]>([
      ["2001-12-14", "a date"],
      ["!!binary aGk=", "octets"],
      ["!!set {a}", "a set"],
    ]),
  )("%s is refused", async (_title, written, kind) => {
    const { faults } = await loadNode(inFile(written), {}, "node.yaml");
    expect(faults).toEqual([
      `$.workers[0].transports[0].paths.a.value: expected a value of JSON, found ${kind}`,
      `$.workers[1].options.stdin.value[0]: expected a value of JSON, found ${kind}`,
    ]);
  });
});

test("an absent extra is an empty object", async () => {
  const component = { type: "class", classname: "a.B", realm: "realm1" };
  const { config } = await loadNode(nodeWith("$.workers[0].components", [component]));
  const [router] = config?.workers ?? [];
  expect(router?.type === "router" && router.components?.list[0]?.extra).toBe("{}");
});

test("authmethods with different dates have different authenticators", async () => {
  const by = (config: string) => `{type: function, create: a.b, config: ${config}}`;
  const { config, faults } = await loadNode(
    `version: 2
workers:
- type: router
  realms: [{name: realm1}]
  transports:
  - type: websocket
    endpoint: {type: unix, path: a.sock}
    auth: {ticket: ${by("2001-12-14")}, wampcra: ${by("2001-12-15")}, scram: ${by("2001-12-14")}}
`,
    {},
    "node.yaml",
  );
  expect(faults).toEqual([]);
  const [router] = config?.workers ?? [];
  const list = router?.type === "router" ? router.authenticators?.list : undefined;
  expect(list?.map(({ id, parts }) => [id, parts?.[0]?.text])).toEqual([
    ["a.b", "2001-12-14"],
    ["a.b#2", "2001-12-15"],
  ]);
});

const ORDERED = '{"b":1,"10":{"2":[],"a":{},"1":[1.0,9007199254740993]},"2":1e400}';

const jsonService = (value: string, options: object) =>
  JSON.stringify({
    version: 2,
    workers: [
      {
        type: "router",
        realms: [{ name: "realm1" }],
        transports: [
          {
            type: "web",
            endpoint: { type: "unix", path: "a.sock" },
            paths: { a: { type: "json", value: "VALUE", options } },
          },
        ],
      },
    ],
  }).replace('"VALUE"', value);

async function served(value: string, options = {}, name = "node.json") {
  const { config, faults } = await loadNode(jsonService(value, options), {}, name);
  expect(faults).toEqual([]);
  const [web] = transportsOf(config);
  const service = web?.type === "web" ? web.paths["a"] : undefined;
  return service?.type === "json" ? service : undefined;
}

test.each(["node.json", "node.yaml"])(
  "a map keeps the order of its attributes in %s",
  async (name) => {
    const value = name.endsWith("yaml") ? ORDERED.replace("1e400", "1.0e+400") : ORDERED;
    expect((await served(value, {}, name))?.text).toBe(value);
  },
);

test("an attribute that is given twice keeps its first place", async () => {
  expect((await served('{"b":{"2":1,"1":2},"10":1,"b":3}'))?.text).toBe('{"b":3,"10":1}');
});

test("prettify indents as Python does", async () => {
  expect((await served(ORDERED, { prettify: true }))?.text).toBe(
    `{
   "b": 1,
   "10": {
      "2": [],
      "a": {},
      "1": [
         1.0,
         9007199254740993
      ]
   },
   "2": 1e400
}`,
  );
});

test("the options of a value are those of Crossbar, pages of any origin may read it", async () => {
  const both = { allow_cross_origin: false, discourage_caching: true };
  expect((await served("1"))?.options).toEqual({
    allow_cross_origin: true,
    discourage_caching: false,
  });
  expect((await served("1", both))?.options).toEqual(both);
});
