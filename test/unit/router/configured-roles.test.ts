/** Realms that get other roles while sessions have joined. */

import { expect, test } from "bun:test";
import type { PermissionConfig, RealmConfig, RoleConfig } from "#config/realm/realm-config.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { ask, everything, openRouter } from "../../support/router-harness.ts";

const nothing = { call: false, register: false, publish: false, subscribe: false };
const without = (action: keyof typeof nothing): PermissionConfig => ({
  ...everything,
  uri: "a.secret",
  match: "exact",
  allow: { ...everything.allow, [action]: false },
});
const role = (name: string, ...permissions: PermissionConfig[]): RoleConfig => ({
  name,
  permissions,
});

function openWith(...roles: RoleConfig[]) {
  const router = openRouter(roles);
  const configure = (...realms: RealmConfig[]) => router.realms.configure(realms);
  const setRoles = (...others: RoleConfig[]) => configure({ name: "realm1", roles: others });
  return { ...router, configure, setRoles };
}

const denied = (type: number) => [
  M.ERROR,
  type,
  1,
  expect.any(Object),
  "wamp.error.not_authorized",
];

test("what a role may do holds at once for sessions that have joined", async () => {
  const { join, setRoles } = openWith(role("user", everything));
  const session = await join();
  setRoles(role("user", everything, without("subscribe")));
  expect((await ask(session, [M.SUBSCRIBE, 1, {}, "a.secret"])).slice(0, 5)).toEqual(
    denied(M.SUBSCRIBE),
  );
  setRoles(role("user", everything));
  expect((await ask(session, [M.SUBSCRIBE, 1, {}, "a.secret"]))[0]).toBe(M.SUBSCRIBED);
});

test("a subscription that is not permitted any more gets no event, until it is again", async () => {
  const { join, setRoles } = openWith(role("user", everything), role("other", everything));
  const [session, publisher] = [await join(), await join({ role: "other" })];
  for (const topic of ["a.secret", "a.open"]) await ask(session, [M.SUBSCRIBE, 1, {}, topic]);
  const publish = (topic: string) => publisher.says([M.PUBLISH, 1, {}, topic, [topic]]);
  setRoles(role("user", everything, without("subscribe")), role("other", everything));
  for (const topic of ["a.secret", "a.open"]) publish(topic);
  expect((await session.next())[4]).toEqual(["a.open"]);
  setRoles(role("user", everything), role("other", everything));
  publish("a.secret");
  expect((await session.next())[4]).toEqual(["a.secret"]);
});

test("a registration that is not permitted any more is not called", async () => {
  const { join, setRoles } = openWith(role("user", everything), role("other", everything));
  const [callee, caller] = [await join(), await join({ role: "other" })];
  await ask(callee, [M.REGISTER, 1, {}, "a.secret"]);
  setRoles(role("user", everything, without("register")), role("other", everything));
  const answer = await ask(caller, [M.CALL, 1, {}, "a.secret"]);
  expect(answer[4]).toBe("wamp.error.no_such_procedure");
});

test("a role that is gone may do nothing, and nobody joins with it", async () => {
  const { join, setRoles, realms } = openWith(role("user", everything));
  const session = await join();
  setRoles();
  expect(realms.get("realm1")?.role("user")).toBeUndefined();
  expect((await ask(session, [M.CALL, 1, {}, "a.b"])).slice(0, 5)).toEqual(denied(M.CALL));
});

test.each([
  ["anonymous", M.ERROR],
  ["trusted", M.SUBSCRIBED],
])("without a configuration, %s is what it was before", async (name, before) => {
  const { join, setRoles } = openWith();
  const session = await join({ role: name });
  const subscribe = () => ask(session, [M.SUBSCRIBE, 1, {}, "a.secret"]);
  expect((await subscribe())[0]).toBe(before);
  setRoles(role(name, everything, without("subscribe")));
  expect((await subscribe())[0]).toBe(M.ERROR);
  setRoles(role(name, everything));
  expect((await subscribe())[0]).toBe(M.SUBSCRIBED);
  setRoles();
  expect((await subscribe())[0]).toBe(before);
});

test("a realm that is gone ends its sessions, and one that is new can be joined", async () => {
  const { join, configure, realms } = openWith(role("user", everything));
  const session = await join();
  configure({ name: "realm2", roles: [] });
  expect(await session.next()).toEqual([M.GOODBYE, {}, "wamp.close.close_realm"]);
  expect([realms.get("realm1"), realms.get("realm2")?.name]).toEqual([undefined, "realm2"]);
});

test("a role without a configuration is one role, so that its internal sessions are kept once", () => {
  const { realms } = openWith();
  const realm = realms.get("realm1");
  for (const name of ["anonymous", "trusted"]) expect(realm?.role(name)).toBe(realm?.role(name));
});
