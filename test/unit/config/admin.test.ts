/** `controller.admin`. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { hasOpenssl, selfSigned } from "../../support/certificates.ts";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const expired = join(import.meta.dir, "../../fixtures/tls/expired");

const load = (admin: unknown, env = {}) => loadNode(nodeWith("$.controller.admin", admin), env);

const tcp = { type: "tcp", port: 9000, shared: false };

test.each<[string, object, object]>([
  [
    "a port",
    { endpoint: { type: "tcp", port: 9000 } },
    {
      endpoint: { ...tcp, interface: "127.0.0.1" },
      token: null,
      routers: "any",
    },
  ],
  [
    "a port of a variable",
    { endpoint: { type: "tcp", port: "$PORT", interface: "::1" }, ready: { routers: "each" } },
    { endpoint: { ...tcp, port: 9001, interface: "::1" }, token: null, routers: "each" },
  ],
  [
    "a token",
    { endpoint: { type: "tcp", port: 9000, interface: "0.0.0.0" }, token: "s3cret" },
    {
      endpoint: { ...tcp, interface: "0.0.0.0" },
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

const local =
  'expected an address of this machine alone, or "token" beside the endpoint, or "ca_certificates" in its "tls"';

describe.skipIf(!hasOpenssl)("with TLS", () => {
  const folder = temporaryFolder();
  const { key, certificate } = selfSigned(folder, "own");
  const files = { key, certificate, chain_certificates: [] };

  test("is taken with its files, and listens for clients with certificates everywhere", async () => {
    const open = { type: "tcp", port: 9000, interface: "0.0.0.0" };
    const ca_certificates = [certificate];
    const { config, faults } = await load({
      endpoint: { ...open, tls: { key, certificate, ca_certificates } },
    });
    expect(faults).toEqual([]);
    expect(config?.controller.admin?.endpoint).toEqual({
      ...tcp,
      ...open,
      tls: { ...files, ca_certificates },
    } as never);
    const alone = await load({ endpoint: { ...open, tls: { key, certificate } } });
    expect(alone.faults).toEqual([expect.stringContaining(local)]);
  });

  test("is judged by its files, as that of a transport", async () => {
    const other = selfSigned(folder, "other");
    const endpoint = { type: "tcp", port: 9000, tls: { key: other.key, certificate } };
    const { faults } = await load({ endpoint });
    expect(faults).toEqual([
      `$.controller.admin.endpoint.tls.key: Cannot use private key "${other.key}": it does not fit certificate "${certificate}"`,
    ]);
    const warned = await load({
      endpoint: { ...endpoint, tls: { key: `${expired}.key`, certificate: `${expired}.pem` } },
    });
    expect([warned.faults, warned.warnings]).toEqual([
      [],
      [expect.stringMatching(/^\$\.controller\.admin\.endpoint\.tls\.certificate: .*has expired/)],
    ]);
  });
});

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
