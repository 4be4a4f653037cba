import { describe, expect, test } from "bun:test";
import type { PermissionConfig } from "#config/node-config.ts";
import { Role } from "#router/permission.ts";

function permission(
  uri: string,
  match: PermissionConfig["match"],
  allowed: boolean,
): PermissionConfig {
  return {
    uri,
    match,
    allow: { call: allowed, register: allowed, publish: allowed, subscribe: allowed },
    disclose: { caller: allowed, publisher: false },
  };
}

describe("Role", () => {
  test("denies what no permission names", () => {
    expect(new Role({ name: "r", permissions: [] }).allows("call", "a.b")).toBe(false);
  });

  test("lets the best match alone decide", () => {
    const role = new Role({
      name: "r",
      permissions: [
        permission("a.", "prefix", true),
        permission("a.secret.", "prefix", false),
        permission("a.secret.topic", "exact", true),
      ],
    });
    expect(role.allows("call", "a.b")).toBe(true);
    expect(role.allows("call", "a.secret.key")).toBe(false);
    expect(role.allows("call", "a.secret.topic")).toBe(true);
    expect(role.discloses("caller", "a.b")).toBe(true);
    expect(role.discloses("publisher", "a.b")).toBe(false);
  });

  test("refuses with wamp.error.not_authorized", () => {
    const role = new Role({ name: "r", permissions: [] });
    expect(() => role.demand("publish", "a.b")).toThrow(
      expect.objectContaining({ uri: "wamp.error.not_authorized" }),
    );
  });
});
