import { describe, expect, test } from "bun:test";
import { loadNode, transportsOf } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

/** Loads a worker with one transport that has this `auth`. */
async function load(auth: object, worker: object = {}, transport: object = {}) {
  const endpoint = { type: "tcp", port: 8080 };
  const workers = [
    {
      type: "proxy",
      connections: { c: { transport: { type: "rawsocket", endpoint: unix } } },
      routes: { realm1: { anonymous: "c", user: "c" }, auth: { authenticator: "c" } },
      transports: [{ type: "websocket", endpoint, auth, ...transport }],
      ...worker,
    },
  ];
  const { config, faults, warnings } = await loadNode({ version: 2, workers });
  const below = (sentences: string[]) => sentences.map((one) => one.replace("$.workers[0]", "$"));
  const transport0 = transportsOf(config)[0];
  return { transport: transport0, faults: below(faults), warnings: below(warnings) };
}

const unix = { type: "unix", path: "router.sock" };
const authenticator = { type: "dynamic", authenticator: "com.example.authenticate" };
const whole = {
  ...authenticator,
  "authenticator-realm": "auth",
  "authenticator-role": "authenticator",
};
const router = {
  type: "router",
  connections: undefined,
  routes: undefined,
  realms: [
    {
      name: "realm1",
      roles: [{ name: "user", permissions: [{ uri: "*", allow: { register: true } }] }],
    },
  ],
};

describe("a dynamic authmethod", () => {
  const methods = ["anonymous", "ticket", "wampcra", "scram", "cryptosign"];

  test.each(methods)("is normalized with its defaults: %s", async (method) => {
    const { transport, faults, warnings } = await load({
      [method]: { ...whole, "default-role": "user" },
    });
    expect([...faults, ...warnings]).toEqual([]);
    expect(transport).toMatchObject({
      auth: {
        [method]: { ...whole, "default-role": "user", "authenticator-timeout": 5000 },
      },
    });
  });

  const none = { "authenticator-realm": undefined, "authenticator-role": undefined };
  test.each(
    titled(
      [
        [{}, []],
        [none, ['no route has role "trusted"']],
        [{ "authenticator-realm": "realm1" }, ['route "realm1" lacks role "authenticator"']],
        [{ "authenticator-realm": "realm2" }, ['no route "realm2" exists']],
        [{ "authenticator-realm": undefined }, []],
        [{ "default-role": "boss" }, ['no route has role "boss", so clients']],
      ],
      1,
    ),
  )("on a proxy is warned of where no call leads: %s", async (_title, changes, expected) => {
    const { faults, warnings } = await load({ ticket: { ...whole, ...changes } });
    expect(faults).toEqual([]);
    expect(warnings).toEqual(expected.map((sentence) => expect.stringContaining(sentence)));
  });

  test.each(
    titled(
      [
        [{}, []],
        [{ "authenticator-realm": "realm1" }, []],
        [{ "authenticator-realm": "realm2" }, ['no realm "realm2" exists']],
        [{ "authenticator-role": "boss" }, ['no realm has role "boss"']],
        [{ "authenticator-role": "trusted" }, []],
        [{ "authenticator-realm": "realm1", "authenticator-role": "user" }, []],
      ],
      1,
    ),
  )("on a router is warned of where no call leads: %s", async (_title, changes, expected) => {
    const ticket = { ...authenticator, ...changes };
    const { faults, warnings } = await load({ ticket }, router);
    expect(faults).toEqual([]);
    expect(warnings).toEqual(expected.map((sentence) => expect.stringContaining(sentence)));
  });

  test("by certificates has no effect where no client is asked for one", async () => {
    const { faults, warnings } = await load({ tls: whole });
    expect(faults).toEqual([]);
    expect(warnings).toContainEqual(expect.stringContaining("it needs tls.ca_certificates"));
  });

  test("behind one backend needs no route", async () => {
    const web = {
      type: "web",
      paths: {
        ws: {
          type: "websocket-proxy",
          auth: { ticket: whole },
          backends: [{ type: "rawsocket", endpoint: unix }],
        },
      },
      auth: undefined,
    };
    const { faults, warnings } = await load({}, { routes: {} }, web);
    expect([...faults, ...warnings]).toEqual([]);
  });

  test.each(
    titled(
      [
        [{ type: "dynamic" }, "ticket.authenticator: required attribute is missing"],
        [
          { ...authenticator, authenticator: "com..x" },
          "ticket.authenticator: expected a URI such as",
        ],
        [
          { ...authenticator, authenticator: "com.X" },
          "ticket.authenticator: expected a URI such as",
        ],
        [{ ...authenticator, "authenticator-timeout": 0 }, "expected an integer from 100 to 60000"],
        [{ type: "function" }, "ticket.create: required attribute is missing"],
      ],
      1,
    ),
  )("is refused as %s", async (_title, ticket, expected) => {
    const { faults } = await load({ ticket });
    expect(faults).toEqual([expect.stringContaining(expected)]);
  });
});

describe("limits of joining", () => {
  test("are options of WebSockets and of RawSockets", async () => {
    const joining = {
      hello_timeout: 1000,
      join_timeout: 2000,
      authenticate_timeout: 1500,
      max_auth_failures_per_minute: 0,
    };
    const auth = { anonymous: { type: "static" } };
    for (const type of ["websocket", "rawsocket"]) {
      const { transport, faults, warnings } = await load(auth, {}, { type, options: joining });
      expect([...faults, ...warnings]).toEqual([]);
      expect(transport).toMatchObject({ type, joining });
      expect(transport).not.toHaveProperty("options.hello_timeout");
    }
  });

  test("are warned of when one ends before another", async () => {
    const auth = { anonymous: { type: "static" } };
    const options = { join_timeout: 2000, authenticate_timeout: 3000 };
    expect((await load(auth, {}, { options })).warnings).toEqual([
      "$.transports[0].options.authenticate_timeout: has no effect: join_timeout ends joining after 2000 ms",
    ]);
    expect((await load(auth, {}, { options: { join_timeout: 2000 } })).warnings).toEqual([]);
  });

  test("are warned of where clients have no address to count", async () => {
    const auth = { anonymous: { type: "static" } };
    const warnings = async (limit: number, endpoint: object) => {
      const options = { max_auth_failures_per_minute: limit };
      return (await load(auth, {}, { options, endpoint })).warnings;
    };
    expect(await warnings(5, { type: "unix", path: "proxy.sock" })).toEqual([
      "$.transports[0].options.max_auth_failures_per_minute: has no effect on clients of a Unix socket that have no address",
    ]);
    expect(await warnings(0, { type: "unix", path: "proxy.sock" })).toEqual([]);
    expect(await warnings(5, { type: "tcp", port: 8080 })).toEqual([]);
  });
});
