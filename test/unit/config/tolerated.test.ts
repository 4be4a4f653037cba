/** What Crossbar takes, and a schema does not: a warning, and what takes its place. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith, transportsOf } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

const router = "$.workers[0]";
const proxy = "$.workers[1]";
const web = `${proxy}.transports[0]`;
const options = `${web}.paths.ws.options`;

async function warningsOf(path: string, value: unknown) {
  const { faults, warnings } = await loadNode(nodeWith(path, value));
  expect(faults).toEqual([]);
  return warnings;
}

const unknown = "unknown attribute, which is ignored";

test.each(
  titled<[path: string, hint: string]>([
    [`${router}.realms[0].comment`, ""],
    [`${router}.realms[0].rolse`, '; did you mean "roles"?'],
    [`${router}.realms[0].roles[0].permisions`, '; did you mean "permissions"?'],
    [`${proxy}.conections`, '; did you mean "connections"?'],
    [`${proxy}.options.titel`, '; did you mean "title"?'],
    [`${proxy}.connections.ws.comment`, ""],
    [`${proxy}.connections.ws.transport.urll`, '; did you mean "url"?'],
    [`${proxy}.connections.raw.transport.endpoint.timout`, '; did you mean "timeout"?'],
  ]),
)("an unknown attribute is ignored: %s", async (_title, path, hint) => {
  expect(await warningsOf(path, 1)).toEqual([`${path}: ${unknown}${hint}`]);
});

test.each([
  `${router}.realms[0].roles[0].permissions[0].comment`,
  `${router}.comment`,
  `${web}.comment`,
  `${web}.endpoint.comment`,
  `${options}.comment`,
  "$.comment",
  "$.controller.comment",
])("an unknown attribute is refused, as in Crossbar: %s", async (path) => {
  const { faults } = await loadNode(nodeWith(path, 1));
  expect(faults).toEqual([expect.stringContaining(`${path}: unknown attribute "comment"`)]);
});

describe("a value that Crossbar does not check", () => {
  test.each(
    titled<[path: string, value: unknown, warning: string]>([
      [
        `${proxy}.connections.raw.transport.endpoint.timeout`,
        0,
        "ignored: expected more than 0 and at most 600 seconds, found 0",
      ],
      [`${proxy}.id`, 5, "ignored: expected string, found 5"],
      ...["text/\u20ac", "text/html\r\nX-A: b", "\u007f"].map((type): [string, unknown, string] => [
        `${web}.paths.zip.mime_types[".x"]`,
        type,
        `ignored: expected a media type such as "text/html", found "${type}"`,
      ]),
      [`${options}.auto_fragment_size`, -1, "ignored: expected an integer from 0 to 2147483647"],
      [`${options}.open_handshake_timeout`, false, "false counts as 0, as in Crossbar"],
      [`${web}.endpoint.backlog`, true, "true counts as 1, as in Crossbar"],
      [`${options}.max_message_size`, 0, "not honoured: a message has at most 67108864 octets"],
      [`${web}.paths.ws.serializers`, ["json", "json"], "a serializer is named more than once"],
      [`${proxy}.routes.realm1.user`, [], "leads to no connection, so it is no route"],
    ]),
  )("%s", async (_title, path, value, warning) => {
    expect(await warningsOf(path, value)).toContainEqual(
      expect.stringContaining(`${path}: ${warning}`),
    );
  });

  test("has the value that stands in its place", async () => {
    const node = [
      [`${router}.transports[0]`, { type: "websocket", endpoint: { type: "unix", path: "a" } }],
      [`${router}.transports[0].options`, { max_message_size: 0, auto_ping_interval: false }],
    ].reduce<unknown>(
      (base, [path, value]) => nodeWith(String(path), value, base),
      nodeWith("$.version", 2),
    );
    const { config } = await loadNode(node);
    const [transport] = transportsOf(config);
    expect(transport).toMatchObject({
      options: { max_message_size: 67_108_864, auto_ping_interval: 0 },
    });
  });

  test.each(["paths.auth", "paths.vars", "paths.arguments"])(
    "may stand in a path of any name: %s",
    async (name) => {
      const path = `${web}.${name}.options.auto_ping_interval`;
      const socket = { type: "websocket", auth: { anonymous: { type: "static" } }, options: {} };
      const base = nodeWith(`${web}.${name}`, socket);
      const { faults, warnings } = await loadNode(nodeWith(path, false, base));
      expect([faults, warnings]).toEqual([[], [`${path}: false counts as 0, as in Crossbar`]]);
      expect((await loadNode(nodeWith(path, 5, base))).faults).toEqual([
        `${path}: expected 0, or 1000 to 2147483647 milliseconds, found 5`,
      ]);
    },
  );

  test("does not decide about authentication", async () => {
    const users = { joe: { secret: "a", salt: "b", iterations: true, keylen: 32 } };
    const { faults } = await loadNode(
      nodeWith(`${web}.paths.ws.auth`, { wampcra: { type: "static", users } }),
    );
    expect(faults).toEqual([expect.stringContaining(".iterations: expected number")]);
  });
});

test.each(
  titled<[path: string, member: string]>([
    [`${web}.paths.files`, "options.default_file"],
    [`${web}.paths.zip`, "options.default_file"],
    [`${web}.paths.zip`, "default_object"],
    [`${web}.paths.zip`, "object_prefix"],
  ]),
)("an empty text is the same as no file, as in Crossbar: %s", async (_, path, member) => {
  const load = async (value?: string) => loadNode(nodeWith(`${path}.${member}`, value));
  const { config, faults, warnings } = await load("");
  const { config: without, warnings: usual } = await load();
  expect([faults, warnings]).toEqual([[], usual]);
  const worker = (one: typeof config): unknown =>
    JSON.parse(JSON.stringify(one?.workers[1]).replaceAll(one?.folder ?? "", ""));
  expect(worker(config)).toEqual(worker(without));
});

test.each(
  titled<[host: string, warnings: string[]]>([
    ["router", []],
    ["[::1]", []],
    ["::1", []],
    ["router:8080", ["is no address, and no name has a colon; the port stands in `port`"]],
  ]),
)("a host to connect to with its port in it is warned of: %s", async (_, host, sentences) => {
  const endpoint = `${proxy}.connections.raw.transport.endpoint`;
  const signed = nodeWith(`${proxy}.connections.raw.auth`, { "cryptosign-proxy": {} });
  const node = nodeWith(endpoint, { type: "tcp", host, port: 8080 }, signed);
  const { faults, warnings } = await loadNode(node);
  expect(faults).toEqual([]);
  const ofHost = warnings.filter((warning) => warning.includes("endpoint.host"));
  expect(ofHost).toEqual(sentences.map((sentence) => `${endpoint}.host: ${sentence}`));
});

test("a disabled worker is not looked at", async () => {
  const worker = { type: "proxy", options: { disabled: true }, transports: 5, comment: "" };
  const { faults, warnings } = await loadNode(nodeWith("$.workers[2]", worker));
  expect([...faults, ...warnings]).toEqual([]);
});
