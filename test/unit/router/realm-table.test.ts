/** Realms that clients open: the realm `*` is their template. */

import { expect, test } from "bun:test";
import type { RealmConfig } from "#config/realm/realm-config.ts";
import { RealmTable } from "#router/realm-table.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask, everything, openRouter } from "../../support/router-harness.ts";

const roles = [{ name: "user", permissions: [everything] }];
const template = (max_realms: number): RealmConfig => ({ name: "*", roles, max_realms });
const named = (name: string): RealmConfig => ({ name, roles: [] });
const namesOf = (table: RealmTable, names: string[]) =>
  names.filter((name) => table.get(name) !== undefined);

test("without a template only configured realms are there", () => {
  const table = new RealmTable([named("a")], quiet);
  expect(namesOf(table, ["a", "b", "*"])).toEqual(["a"]);
});

test("a realm is opened once, with the roles of the template", () => {
  const table = new RealmTable([named("a"), template(5)], quiet);
  const realm = table.get("b");
  expect(table.get("b")).toBe(realm);
  expect([realm?.name, realm?.role("user")?.name]).toEqual(["b", "user"]);
  expect(table.get("a")?.role("user")).toBeUndefined();
});

test.each(["*", "", "a b", "a..b"])("%j is the name of none", (name) => {
  expect(new RealmTable([template(5)], quiet).get(name)).toBeUndefined();
});

test("the oldest realm that nothing uses gives its place to another one", async () => {
  const { realms, join } = openRouter(roles);
  realms.configure([template(2)]);
  const used = await join();
  const old = realms.get("b");
  expect(realms.get("c")).toBeDefined();
  expect(realms.get("b")).not.toBe(old);
  await ask(used, [M.SUBSCRIBE, 1, {}, "a.b"]);
  expect(used.closed).toBeUndefined();
});

test("a realm beyond the limit is refused while all others are used", async () => {
  const { realms, join } = openRouter(roles);
  realms.configure([template(1)]);
  const used = await join();
  expect(realms.get("b")).toBeUndefined();
  used.disconnect();
  expect(realms.get("b")).toBeDefined();
});

test("another configuration changes realms of the template, and closes them with it", async () => {
  const table = new RealmTable([template(5)], quiet);
  const realm = table.get("b");
  table.configure([{ ...template(5), roles: [{ name: "other", permissions: [] }] }]);
  expect([table.get("b"), realm?.role("user")]).toEqual([realm, undefined]);
  expect(realm?.role("other")).toBeDefined();
  table.configure([named("b"), template(5)]);
  expect([table.get("b"), realm?.role("other")]).toEqual([realm, undefined]);
  table.configure([]);
  expect(table.get("b")).toBeUndefined();
});
