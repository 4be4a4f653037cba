/** Paths of type `caller` and `publisher`. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

const at = "$.workers[1].transports[0].paths.bridge";
const service = { type: "caller", realm: "realm1", role: "anonymous" };
const load = (changes: object, env = {}) => loadNode(nodeWith(at, { ...service, ...changes }), env);
const onRouter = (changes: object) => {
  const paths = { bridge: { ...service, ...changes } };
  const web = { type: "web", endpoint: { type: "tcp", port: 8081 }, paths };
  return loadNode(nodeWith("$.workers[0].transports", [web]));
};
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: object }[] }[] }).workers[1]?.transports[0]?.paths;

describe("the HTTP bridge", () => {
  test.each(["caller", "publisher"])("%s is normalized with its defaults", async (type) => {
    const { config, faults, warnings } = await load({ type });
    expect([...faults, ...warnings]).toEqual([]);
    const options = {
      key: null,
      secret: null,
      require_tls: false,
      require_ip: null,
      post_body_limit: 1_048_576,
      timestamp_delta_limit: 300,
      call_timeout: 30_000,
      error_status_codes: false,
      idempotency_key_lifetime: 60_000,
    };
    expect(loaded(config)).toMatchObject({ bridge: { ...service, type, options } });
  });

  test("takes every option, and a secret out of the environment", async () => {
    const options = {
      require_tls: true,
      require_ip: ["10.0.0.0/8", "::1"],
      post_body_limit: 1000,
      timestamp_delta_limit: 60,
      call_timeout: 1000,
      error_status_codes: true,
      idempotency_key_lifetime: 0,
    };
    const key = { key: "key1", debug: true };
    const secret = `\${SECRET}`;
    const written = { id: "bridge1", options: { ...options, ...key, secret } };
    const { config, faults, warnings } = await load(written, { SECRET: "topsecret" });
    expect([...faults, ...warnings]).toEqual([]);
    const wanted = { ...options, key: "key1", secret: "topsecret" };
    expect(loaded(config)).toMatchObject({ bridge: { options: wanted } });
  });

  test.each(
    titled(
      [
        [{ realm: undefined }, "realm: required attribute is missing"],
        [{ role: undefined }, "role: required attribute is missing"],
        [{ options: { secret: "a" } }, 'options.secret: needs "key": clients name the key'],
        [
          { options: { require_ip: ["unix"] } },
          "options.require_ip[0]: expected an IP address or a range",
        ],
        [
          { options: { post_body_limit: 1_048_577 } },
          "options.post_body_limit: expected an integer",
        ],
        [{ options: { call_timeout: 0 } }, "options.call_timeout: expected an integer from 100"],
        [
          { options: { secrets: "a" } },
          'options.secrets: unknown attribute "secrets"; did you mean "secret"?',
        ],
      ],
      1,
    ),
  )("%s is refused", async (_title, changes, sentence) => {
    const { faults } = await load(changes);
    expect(faults).toEqual([expect.stringContaining(`${at}.${sentence}`)]);
  });

  test.each(
    titled(
      [
        [{ realm: "realm2" }, 'realm: no route "realm2" exists, so nothing is called'],
        [
          { type: "publisher", role: "boss" },
          'role: route "realm1" lacks role "boss", so nothing is published',
        ],
        [{ options: { key: "a" } }, "options.key: has no effect: secret is not given"],
        [
          { options: { key: "a", secret: "b", timestamp_delta_limit: 0 } },
          "options.timestamp_delta_limit: a signed request that was overheard can be sent again",
        ],
      ],
      1,
    ),
  )("%s is warned of", async (_title, changes, sentence) => {
    const { faults, warnings } = await load(changes);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(`${at}.${sentence}`)]);
  });

  test("may be the router's own role on a router worker", async () => {
    expect((await onRouter({ role: "trusted" })).warnings).toEqual([]);
    const path = "$.workers[0].transports[0].paths.bridge";
    expect((await onRouter({ role: "boss" })).warnings).toEqual([
      `${path}.role: realm "realm1" lacks role "boss", so nothing is called`,
    ]);
  });

  test("has the proxy vouch for itself, which it cannot over TCP without a proof", async () => {
    const connection = { type: "rawsocket", endpoint: { type: "tcp", host: "a", port: 1 } };
    const transport = (paths: object) => ({
      type: "web",
      endpoint: { type: "tcp", port: 8080 },
      paths: { ws: { type: "websocket", auth: "passthrough" }, ...paths },
    });
    const proxy = (paths: object) => ({
      type: "proxy",
      connections: { conn1: { transport: connection } },
      routes: { realm1: { anonymous: "conn1" } },
      transports: [transport(paths)],
    });
    const load = (paths: object) => loadNode({ version: 2, workers: [proxy(paths)] });
    const alone = await load({});
    expect([...alone.faults, ...alone.warnings]).toEqual([]);
    const hook = { ...service, type: "webhook", options: { topic: "a.b" } };
    for (const one of [
      service,
      { ...service, type: "publisher" },
      { ...service, type: "sse" },
      hook,
    ]) {
      const { faults, warnings } = await load({ deep: { type: "path", paths: { one } } });
      expect(faults).toEqual([]);
      expect(warnings).toEqual([
        expect.stringContaining("over TCP a proxy has to sign (cryptosign-proxy)"),
      ]);
    }
  });
});
