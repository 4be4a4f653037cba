/** What a worker counts of its sessions. */

import { expect, test } from "bun:test";
import { SessionCounts } from "#observe/session-counts.ts";
import { slowClients } from "#observe/slow-clients.ts";
import { noSessions } from "../../support/node-figures.ts";

test("counts nothing at the begin", () => {
  expect(new SessionCounts().figures(0)).toEqual(noSessions);
});

test("counts joined sessions by realm and role until they are over", () => {
  const counts = new SessionCounts();
  const first = counts.joined("realm1", "user");
  counts.joined("realm1", "user");
  const admin = counts.joined("realm1", "admin");
  counts.joined(null, null);
  counts.left(first);
  counts.left(admin);
  expect(counts.figures(3)).toMatchObject({
    open: 3,
    joined: 2,
    joins: 4,
    roles: [
      { realm: "realm1", role: "user", sessions: 1 },
      { realm: null, role: null, sessions: 1 },
    ],
  });
  expect(counts.joined("realm1", "admin")).toEqual({
    realm: "realm1",
    role: "admin",
    sessions: 1,
  });
});

test("tells realms and roles apart, whatever characters they have", () => {
  const counts = new SessionCounts();
  counts.joined('a","b', "c");
  counts.joined("a", 'b","c');
  expect(counts.figures(2).roles.map(({ sessions }) => sessions)).toEqual([1, 1]);
});

test("shows the hundred roles with the most sessions, and counts the others together", () => {
  const counts = new SessionCounts();
  for (let role = 0; role < 103; role++) counts.joined("realm1", `role${role}`);
  counts.joined("realm1", "role102");
  const { roles, rolesLeftOut, sessionsLeftOut } = counts.figures(104);
  expect(roles[0]).toEqual({ realm: "realm1", role: "role102", sessions: 2 });
  expect([roles.length, rolesLeftOut, sessionsLeftOut]).toEqual([100, 3, 3]);
});

test("cuts long names, and says how long they were", () => {
  const counts = new SessionCounts();
  counts.joined("r".repeat(1000), "user");
  expect(counts.figures(1).roles[0]?.realm).toBe(`${"r".repeat(200)}… (1000 characters)`);
});

test("counts refusals by reason, the most frequent first, and rare ones together beyond fifty", () => {
  const counts = new SessionCounts();
  for (let reason = 0; reason < 60; reason++) counts.refused(`com.example.error${reason}`);
  counts.refused("com.example.error7");
  const { refusals } = counts.figures(0);
  expect(refusals.slice(0, 2)).toEqual([
    { reason: "other reasons", count: 10 },
    { reason: "com.example.error7", count: 2 },
  ]);
  expect(refusals).toHaveLength(51);
});

test("counts stalled sessions by the side that did not read", () => {
  const counts = new SessionCounts();
  const before = slowClients.cutOff;
  expect([counts.stalled("router"), slowClients.cutOff - before]).toEqual([1, 0]);
  expect([counts.stalled("client"), slowClients.cutOff - before]).toEqual([2, 1]);
  expect(counts.figures(0).stalledRouters).toBe(1);
});

test("figures stay as they are when the counts change", () => {
  const counts = new SessionCounts();
  counts.joined("realm1", "user");
  const figures = counts.figures(1);
  counts.joined("realm1", "user");
  expect(figures.roles).toEqual([{ realm: "realm1", role: "user", sessions: 1 }]);
});
