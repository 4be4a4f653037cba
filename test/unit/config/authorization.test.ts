/** How a role decides: permissions, an authorizer, or `allow-by-default`. */

import { describe, expect, test } from "bun:test";
import type { PermissionConfig } from "#config/realm/realm-config.ts";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";

const path = "$.workers[0].realms[0].roles[0]";
const permissions = [{ uri: "*", allow: {} }];
const everything: PermissionConfig = {
  uri: "",
  match: "prefix",
  allow: { call: true, register: true, publish: true, subscribe: true },
  disclose: { caller: false, publisher: false },
};

async function loadRole(role: object) {
  const name = "anonymous";
  const { config, faults, warnings } = await loadNode(nodeWith(path, { name, ...role }));
  const worker = config?.workers[0];
  return { role: worker?.type === "router" && worker.realms[0]?.roles[0], faults, warnings };
}

describe("a role", () => {
  test("may have an authorizer", async () => {
    const { role, warnings } = await loadRole({ authorizer: "com.example.authorize" });
    expect(warnings).toEqual([
      `${path}.authorizer: no role of realm "realm1" may register it, so that role "anonymous" may do nothing; add a permission`,
    ]);
    expect(role).toEqual({
      name: "anonymous",
      permissions: [],
      authorizer: { authorizer: "com.example.authorize", "authorizer-timeout": 5000 },
    });
    const quick = await loadRole({ authorizer: "a.b", "authorizer-timeout": 100 });
    expect(quick.role).toMatchObject({ authorizer: { "authorizer-timeout": 100 } });
  });

  test.each([
    [
      "another role",
      { name: "b", permissions: [{ uri: "com.example.*", allow: { register: true } }] },
    ],
    ["a role that another authorizer decides for", { name: "b", authorizer: "com.example.other" }],
  ])("has an authorizer that %s may register", async (_title, other) => {
    const asks = { name: "a", authorizer: "com.example.authorize" };
    const { warnings } = await loadNode(nodeWith("$.workers[0].realms[0].roles", [asks, other]));
    expect(warnings.filter((warning) => warning.includes('role "a"'))).toEqual([]);
  });

  test("has an authorizer that a trusted component may register", async () => {
    const node = nodeWith(path, { name: "anonymous", authorizer: "com.example.authorize" });
    const component = { type: "class", classname: "a.B", realm: "realm1", role: "trusted" };
    const { warnings } = await loadNode(nodeWith("$.workers[0].components", [component], node));
    expect(warnings).toEqual([]);
  });

  test.each([
    [{ authorizer: "a.b", permissions: [] }, "a role has permissions or an authorizer, not both"],
    [{ authorizer: "a..b" }, 'expected a URI such as "com.example.authenticate", found "a..b"'],
    [{ authorizer: "" }, "expected a text, found an empty one"],
  ])("is refused: %j", async (role, sentence) => {
    const { faults } = await loadRole(role);
    expect(faults).toContain(`${path}.authorizer: ${sentence}`);
  });

  test.each([99, 60_001, 1.5, "5000"])("cannot wait %j ms", async (milliseconds) => {
    const { faults } = await loadRole({ authorizer: "a.b", "authorizer-timeout": milliseconds });
    expect(faults).toEqual([expect.stringContaining(`${path}["authorizer-timeout"]: expected`)]);
  });

  test.each([
    ["a.b", "a.b", "exact"],
    ["a.*", "a.", "prefix"],
    ["a*", "a", "prefix"],
    ["*", "", "prefix"],
    ["a.*.b", "a..b", "wildcard"],
    ["a.*.b.*", "a..b.", "wildcard"],
    ["*.b", ".b", "wildcard"],
    ["a..b", "a..b", "wildcard"],
  ])("has %s without match as %j, %s", async (written, uri, match) => {
    const { role } = await loadRole({ permissions: [{ uri: written, allow: {} }] });
    expect(role).toMatchObject({ permissions: [{ uri, match }] });
    const exact = await loadRole({ permissions: [{ uri: written, match: "exact", allow: {} }] });
    expect(exact.role).toMatchObject({ permissions: [{ uri: written, match: "exact" }] });
  });

  test("keeps decisions as authorizer-cache says", async () => {
    const { role } = await loadRole({ authorizer: "a.b", "authorizer-cache": {} });
    const defaults = { scope: "role", denials: true, limit: 10_000 };
    expect(role).toMatchObject({ authorizer: { "authorizer-cache": defaults } });
    const cache = { ttl: 30, scope: "session", denials: false, limit: 5 };
    const own = await loadRole({ authorizer: "a.b", "authorizer-cache": cache });
    expect(own.role).toMatchObject({ authorizer: { "authorizer-cache": cache } });
    const { warnings } = await loadRole({ permissions, "authorizer-cache": {} });
    expect(warnings).toEqual([
      `${path}["authorizer-cache"]: has no effect: the role has no authorizer`,
    ]);
  });

  test.each([
    { ttl: 0 },
    { ttl: 1.5 },
    { ttl: 86_401 },
    { scope: "realm" },
    { limit: 0 },
    { x: 1 },
  ])("cannot keep decisions as %j", async (cache) => {
    const { faults } = await loadRole({ authorizer: "a.b", "authorizer-cache": cache });
    expect(faults).toEqual([expect.stringContaining(`${path}["authorizer-cache"].`)]);
  });

  test.each([
    [true, [everything]],
    [false, []],
    [undefined, []],
  ])("without either allows all or nothing: allow-by-default %p", async (allowed, expected) => {
    const { role, warnings } = await loadRole({ "allow-by-default": allowed });
    expect([role, warnings]).toEqual([{ name: "anonymous", permissions: expected }, []]);
  });

  test.each([{}, { permissions }, { "allow-by-default": true }])(
    "with %j has no authorizer whose timeout counts",
    async (decider) => {
      const { warnings } = await loadRole({ ...decider, "authorizer-timeout": 100 });
      expect(warnings).toEqual([
        `${path}["authorizer-timeout"]: has no effect: the role has no authorizer`,
      ]);
    },
  );

  test.each([
    [{ permissions }, "permissions"],
    [{ permissions: [] }, "permissions"],
    [{ authorizer: "a.b" }, "an authorizer"],
  ])("with %j ignores allow-by-default", async (decider, name) => {
    const { role, warnings } = await loadRole({ ...decider, "allow-by-default": true });
    expect(warnings).toContain(`${path}["allow-by-default"]: not honoured: the role has ${name}`);
    expect(role).not.toMatchObject({ permissions: [everything] });
  });
});
