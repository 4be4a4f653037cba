/** Authmethods of type `function`, and the authenticators of their worker. */

import { describe, expect, test } from "bun:test";
import { loadNode } from "../../support/loaded-node.ts";

const by = (create: string, others: object = {}) => ({ type: "function", create, ...others });
const normalized = (authenticator: string, others: object = {}) => ({
  type: "function",
  authenticator,
  "default-role": null,
  "authenticator-timeout": 5000,
  ...others,
});

/** Loads a worker of each type with a transport for each `auth`. */
async function load(auths: object[], options: object = {}) {
  const transports = auths.map((auth, index) => ({
    type: "websocket",
    endpoint: { type: "unix", path: `${index}.sock` },
    auth,
  }));
  const permissions = [{ uri: "*", allow: { call: true } }];
  const realms = [{ name: "realm1", roles: [{ name: "user", permissions }] }];
  const connection = {
    transport: { type: "rawsocket", endpoint: { type: "unix", path: "router.sock" } },
  };
  const ways = { connections: { c: connection }, routes: { realm1: { user: "c" } } };
  const loaded = await Promise.all(
    [
      { type: "router", realms },
      { type: "proxy", ...ways },
    ].map((worker) => loadNode({ version: 2, workers: [{ ...worker, options, transports }] })),
  );
  const [router, proxy] = loaded.map(({ config }) => config?.workers[0]);
  const [faults, warnings] = (["faults", "warnings"] as const).map((kind) => [
    ...new Set(loaded.flatMap((one) => one[kind])),
  ]);
  return { router, proxy, faults, warnings };
}

describe("an authmethod of type function", () => {
  test("names an authenticator of its worker, which has Python's options", async () => {
    const options = { pythonpath: ["web"], env: { vars: { A: "1" } } };
    const written = by("auth.create", { config: { db: "x" }, "default-role": "user" });
    const others = { "authenticator-timeout": 100 };
    const auth = { anonymous: written, ticket: written, tls: by("auth.create", others) };
    const { router, proxy, faults, warnings } = await load([auth], options);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      "$.workers[0].transports[0].auth.tls: has no effect: the endpoint asks for no client certificate; it needs tls.ca_certificates",
    ]);
    for (const worker of [router, proxy]) {
      const list = [expect.objectContaining({ create: "auth.create", config: '{"db":"x"}' })];
      expect(worker).toMatchObject({
        authenticators: {
          list,
          options: { pythonpath: [expect.stringMatching(/\/web$/)], env: { vars: { A: "1" } } },
        },
      });
    }
  });

  test("is normalized; the same function and configuration are one authenticator", async () => {
    const options = { pythonpath: ["web"], ready_timeout: 1000 };
    const one = by("auth.create", { config: { a: 1, b: 2 } });
    const same = by("auth.create", { config: { b: 2, a: 1 }, "default-role": "user" });
    const other = by("auth.create", { "authenticator-timeout": 100 });
    const { router, proxy, faults, warnings } = await load(
      [
        { ticket: one, wampcra: same },
        { scram: other, cryptosign: by("other.create") },
      ],
      options,
    );
    expect([faults, warnings]).toEqual([[], []]);
    const list = [
      ["auth.create", "auth.create", '{"a":1,"b":2}'],
      ["auth.create#2", "auth.create", "{}"],
      ["other.create", "other.create", "{}"],
    ].map(([id, create, config]) => ({ id, type: "authenticator", create, config }));
    for (const worker of [router, proxy]) {
      expect(worker).toMatchObject({
        authenticators: {
          list,
          options: {
            pythonpath: [expect.stringMatching(/\/web$/)],
            ready_timeout: 1000,
            cpu_affinity: [],
          },
        },
        transports: [
          {
            auth: {
              ticket: normalized("auth.create"),
              wampcra: normalized("auth.create", { "default-role": "user" }),
            },
          },
          {
            auth: {
              scram: normalized("auth.create#2", { "authenticator-timeout": 100 }),
              cryptosign: normalized("other.create"),
            },
          },
        ],
      });
    }
  });

  test.each([
    ["1", "1.0", 2],
    ["9007199254740992", "9007199254740993", 2],
    ["1", '"1"', 2],
    ['{"a":1,"b":[2]}', '{"b":[2],"a":1}', 1],
    ["[1,2]", "[2,1]", 2],
    ["[]", "{}", 2],
    ["null", "{}", 2],
  ])(
    "of the same function differs with the configurations %s and %s: %d",
    async (one, two, many) => {
      const auth = { ticket: by("a.b", { config: "ONE" }), scram: by("a.b", { config: "TWO" }) };
      const endpoint = { type: "unix", path: "a.sock" };
      const transports = [{ type: "websocket", endpoint, auth }];
      const text = JSON.stringify({ version: 2, workers: [{ type: "router", transports }] });
      const { config } = await loadNode(text.replace('"ONE"', one).replace('"TWO"', two));
      const [worker] = config?.workers ?? [];
      const list = worker?.type === "router" ? worker.authenticators?.list : undefined;
      expect(list?.map((each) => each.config)).toEqual([one, two].slice(0, many));
    },
  );

  test("warns of a role that does not exist, and of a controller", async () => {
    const written = by("auth.create", { "default-role": "boss", expose_controller: true });
    const { faults, warnings } = await load([{ ticket: written }]);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining('no realm has role "boss", so clients that get it cannot join'),
      expect.stringContaining("expose_controller: not honoured: the function gets None"),
      expect.stringContaining('no route has role "boss"'),
    ]);
  });
});

test("options of Python are warned of where a worker runs nothing in Python", async () => {
  const options = { python: "python3", pythonpath: ["a"], env: {}, ready_timeout: 1 };
  const auth = { anonymous: { type: "static", role: "user" } };
  const { faults, warnings } = await load([auth], options);
  expect(faults).toEqual([]);
  expect(warnings).toEqual(
    ["python", "pythonpath", "ready_timeout"].map(
      (name) => `$.workers[0].options.${name}: not honoured: the worker runs nothing in Python`,
    ),
  );
  expect((await load([auth], { pythonpath: [] })).warnings).toEqual([]);
});
