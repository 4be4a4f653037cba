import { describe, expect, test } from "bun:test";
import type { PermissionConfig } from "#config/realm/realm-config.ts";
import { PermissionRole } from "#router/permission.ts";
import type { ActionRequest } from "#router/requests.ts";
import { MessageType } from "#wamp/message-type.ts";

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

const requester = {
  id: 1,
  identity: {
    realm: "realm1",
    authid: "a",
    authrole: "r",
    authmethod: "",
    authprovider: "",
    authextra: {},
  },
  transport: () => null,
};
const call = (uri: string): ActionRequest => ({
  type: MessageType.CALL,
  id: 1,
  action: "call",
  options: {},
  uri,
  match: "exact",
  payload: { serializer: "json", items: [] },
});
const denied = expect.objectContaining({ uri: "wamp.error.not_authorized" });

describe("PermissionRole", () => {
  test("denies what no permission names", () => {
    const role = new PermissionRole({ name: "r", permissions: [] });
    expect(() => role.authorize(requester, call("a.b"))).toThrow(denied);
    expect(role.permitsMatch("register", "a.b")).toBe(false);
  });

  test("lets the best match alone decide", () => {
    const role = new PermissionRole({
      name: "r",
      permissions: [
        permission("a.", "prefix", true),
        permission("a.secret.", "prefix", false),
        permission("a.secret.topic", "exact", true),
      ],
    });
    expect(role.authorize(requester, call("a.b"))).toEqual({ discloses: true });
    expect(() => role.authorize(requester, call("a.secret.key"))).toThrow(denied);
    expect(role.authorize(requester, call("a.secret.topic"))).toEqual({ discloses: true });
    expect(role.permitsMatch("subscribe", "a.b")).toBe(true);
    expect(role.permitsMatch("subscribe", "a.secret.key")).toBe(false);
  });

  test("takes a wildcard before every prefix, as Crossbar does, and after an exact URI", () => {
    const role = new PermissionRole({
      name: "r",
      permissions: [
        permission("", "prefix", true),
        permission("shop.branch.", "prefix", true),
        permission("shop..admin", "wildcard", false),
        permission("shop.main.admin", "exact", true),
        permission("depot.", "prefix", false),
        permission("depot..state", "wildcard", true),
      ],
    });
    expect(() => role.authorize(requester, call("shop.branch.admin"))).toThrow(denied);
    expect(role.permitsMatch("call", "shop.branch.admin")).toBe(false);
    expect(role.permitsMatch("call", "shop.branch.orders")).toBe(true);
    expect(role.permitsMatch("call", "shop.main.admin")).toBe(true);
    expect(role.permitsMatch("call", "depot.north.state")).toBe(true);
    expect(role.permitsMatch("call", "depot.north.stock")).toBe(false);
  });

  test("discloses callers and publishers apart", () => {
    const role = new PermissionRole({ name: "r", permissions: [permission("a.", "prefix", true)] });
    const { id, uri, payload } = {
      ...call("a.b"),
      payload: { serializer: "json", items: [] },
    } as const;
    const publish = { type: MessageType.PUBLISH, id, action: "publish", options: {}, uri } as const;
    const request: ActionRequest = {
      ...publish,
      match: "exact",
      payload: { ...payload, items: [] },
    };
    expect(role.authorize(requester, request)).toEqual({ discloses: false });
  });
});
