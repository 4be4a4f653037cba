/** `controller.admin`. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";

const load = (admin: unknown, env = {}) => loadNode(nodeWith("$.controller.admin", admin), env);

test.each<[string, object, object]>([
  [
    "a port",
    { endpoint: { type: "tcp", port: 9000 } },
    { endpoint: { type: "tcp", port: 9000, interface: "127.0.0.1" }, token: null, routers: "any" },
  ],
  [
    "a port of a variable",
    { endpoint: { type: "tcp", port: "$PORT", interface: "::1" }, ready: { routers: "each" } },
    { endpoint: { type: "tcp", port: 9001, interface: "::1" }, token: null, routers: "each" },
  ],
  [
    "a token",
    { endpoint: { type: "tcp", port: 9000, interface: "0.0.0.0" }, token: "s3cret" },
    {
      endpoint: { type: "tcp", port: 9000, interface: "0.0.0.0" },
      token: "s3cret",
      routers: "any",
    },
  ],
  [
    "a Unix socket",
    { endpoint: { type: "unix", path: "/run/admin.sock" }, ready: {} },
    {
      endpoint: { type: "unix", path: "/run/admin.sock", permission: 0o600 },
      token: null,
      routers: "any",
    },
  ],
])("with %s is taken", async (_, admin, expected) => {
  const { config, faults } = await load(admin, { PORT: "9001" });
  expect(faults).toEqual([]);
  expect(config?.controller.admin).toEqual(expected as never);
});

test("without it there is no endpoint", async () => {
  const { config } = await load(undefined);
  expect(config?.controller.admin).toBeUndefined();
});

const local = 'expected an address of this machine alone, or "token" beside the endpoint';

describe("is refused", () => {
  test.each([
    [
      { endpoint: { type: "tcp", port: 9000, interface: "0.0.0.0" } },
      `$.controller.admin.endpoint.interface: ${local}, found "0.0.0.0"`,
    ],
    [
      { endpoint: { type: "tcp", port: 8080 } },
      "$.workers[1].transports[0].endpoint.port: port 8080 is already used by the controller",
    ],
    [
      { endpoint: { type: "unix", path: "u.sock" } },
      /^\$\.workers\[1\]\.transports\[1\]\.endpoint\.path: socket ".*" is already used by the controller$/,
    ],
    [{}, "$.controller.admin.endpoint: required attribute is missing"],
    [
      { endpoint: { type: "tcp" } },
      "$.controller.admin.endpoint.port: required attribute is missing",
    ],
    [
      { endpoint: { type: "tcp", port: 9000 }, ready: { routers: "all" } },
      /^\$\.controller\.admin\.ready\.routers: expected "any", "each" or "none"/,
    ],
    [
      { endpoint: { type: "tcp", port: 9000 }, token: 7 },
      '$.controller.admin.token: expected a text or {"file": "…"}, found a number',
    ],
  ])("%j", async (admin, fault) => {
    const { faults } = await load(admin);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(fault);
  });
});
