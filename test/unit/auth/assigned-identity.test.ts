import { expect, test } from "bun:test";
import { AssignedIdentity } from "#auth/assigned-identity.ts";

const identity = {
  realm: "realm1",
  authid: "component1",
  authrole: "backend",
  authmethod: null,
  authprovider: null,
  authextra: {},
};

test("a component has the identity that was assigned, whatever it says", async () => {
  const join = new AssignedIdentity(identity);
  const details = { roles: { caller: {} }, authid: "root", authrole: "admin" };
  expect(await join.hello([1, "realm2", details])).toEqual({ kind: "accept", identity });
  expect(join.clientRoles).toEqual({ caller: {} });
  expect(await join.authenticate()).toEqual({ kind: "accept", identity });
});

test("a component without roles is accepted", async () => {
  const join = new AssignedIdentity(identity);
  expect(await join.hello([1, "realm1"])).toMatchObject({ kind: "accept" });
  expect(join.clientRoles).toEqual({});
});
