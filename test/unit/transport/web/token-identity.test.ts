/** Which claims of a token become authid and authrole. */

import { describe, expect, test } from "bun:test";
import { type IdentityRules, readIdentity } from "#transport/web/auth/token-identity.ts";
import { titled } from "../../../support/titles.ts";

const rules: IdentityRules = {
  authid_claim: ["sub"],
  authrole_claim: ["role"],
  roles: null,
  scopes: [],
};
const read = (claims: object, changes: Partial<IdentityRules> = {}, role: string | null = null) =>
  readIdentity({ ...claims }, { ...rules, ...changes }, role);

const alice = (role: string) => ({ authid: "alice", role });
const invalid = (claim: string, state: string) => ({
  code: "invalid_token" as const,
  state: `the claim ${claim} of the token ${state}`,
});
const insufficient = (state: string) => ({ code: "insufficient_scope" as const, state });
const NONE_ALONE = insufficient(
  "the token names no role, or not one alone, with which clients may act here",
);

describe("the claims of a token", () => {
  const keycloak = { realm_access: { roles: ["offline_access", "user"] } };
  test.each(
    titled<[object, Partial<IdentityRules>, string | null, unknown]>([
      [{ sub: "alice", role: "user" }, {}, null, alice("user")],
      [{ sub: "alice", role: ["user"] }, {}, null, alice("user")],
      [{ sub: "alice", role: ["user", "user"] }, {}, null, alice("user")],
      [{ sub: "alice" }, {}, "guest", alice("guest")],
      [{ sub: "alice", role: [] }, {}, "guest", alice("guest")],
      [{ sub: "alice", role: null }, {}, "guest", alice("guest")],
      [{ sub: "alice", role: "user" }, {}, "guest", alice("user")],
      [
        { sub: "x", mail: "alice", r: "user" },
        { authid_claim: ["mail"], authrole_claim: ["r"] },
        null,
        alice("user"),
      ],
      [
        { sub: "alice", "https://a.example/role": "user" },
        { authrole_claim: ["https://a.example/role"] },
        null,
        alice("user"),
      ],
      [
        { sub: "alice", ...keycloak },
        { authrole_claim: ["realm_access", "roles"], roles: ["boss", "user"] },
        null,
        alice("user"),
      ],
      [{ sub: "alice", role: ["user", "boss"] }, { roles: ["boss", "user"] }, null, alice("boss")],
      [{ sub: "alice", role: "u".repeat(255) }, {}, null, alice("u".repeat(255))],
      [{ sub: "alice", role: "trusted" }, { roles: ["trusted"] }, null, alice("trusted")],
      [{ sub: "alice" }, { roles: ["user"] }, "guest", alice("guest")],
    ]),
  )("%s", (_, claims, changes, role, identity) => {
    expect(read(claims, changes, role)).toEqual(identity as never);
  });

  test.each(
    titled<[object, Partial<IdentityRules>, unknown]>([
      [{}, {}, invalid("sub", "is no name")],
      [{ sub: "" }, {}, invalid("sub", "is no name")],
      [{ sub: 7 }, {}, invalid("sub", "is no name")],
      [{ a: 7 }, { authid_claim: ["a", "b"] }, invalid("a b", "is no name")],
      [{ sub: ["alice"] }, {}, invalid("sub", "is no name")],
      [{ sub: "a\nb", role: "user" }, {}, invalid("sub", "is no name")],
      [{ sub: "\ud800", role: "user" }, {}, invalid("sub", "is no name")],
      [{ sub: "a".repeat(256), role: "user" }, {}, invalid("sub", "is no name")],
      [{ sub: "alice", role: 7 }, {}, invalid("role", "is no name and no list of names")],
      [{ sub: "alice", role: ["user", 7] }, {}, invalid("role", "is no name and no list of names")],
      [
        { sub: "alice", role: { user: true } },
        {},
        invalid("role", "is no name and no list of names"),
      ],
      [{ sub: "alice" }, {}, insufficient("the token names no role")],
      [
        { sub: "alice" },
        { authrole_claim: ["__proto__", "constructor", "name"] },
        insufficient("the token names no role"),
      ],
      [{ sub: "alice", role: "trusted" }, {}, NONE_ALONE],
      [{ sub: "alice", role: ["user", "boss"] }, {}, NONE_ALONE],
      [{ sub: "alice", role: "user" }, { roles: ["boss"] }, NONE_ALONE],
    ]),
  )("%s is refused", (_, claims, changes, fault) => {
    expect(read(claims, changes)).toEqual(fault as never);
  });
});

describe("scopes", () => {
  const wanted = { scopes: ["read", "write"] };
  test.each([
    [{ scope: "write other read" }],
    [{ scp: ["read", "write"] }],
    [{ scp: "read write" }],
    [{ scope: "read", scp: ["write"] }],
  ])("%p is enough", (claims) => {
    expect(read({ sub: "alice", role: "user", ...claims }, wanted)).toEqual(alice("user"));
  });
  test.each([[{}], [{ scope: "read" }], [{ scope: "readwrite" }], [{ scope: 7 }], [{ scope: "" }]])(
    "%p is not enough",
    (claims) => {
      expect(read({ sub: "alice", role: "user", ...claims }, wanted)).toEqual(
        insufficient("the token lacks a scope"),
      );
    },
  );
});
