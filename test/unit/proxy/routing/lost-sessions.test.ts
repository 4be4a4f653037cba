import { expect, test } from "bun:test";
import { LostSessions } from "#proxy/routing/lost-sessions.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";

test("sessions that lose their router together have one line, with their number", () => {
  const pass = fakeTime();
  const { log, logged } = keptLog("warn");
  const lost = new LostSessions(log, "conn1");
  lost.add("tcp4:10.0.0.1:1", "closed");
  pass(499);
  lost.add("tcp4:10.0.0.2:2", "reset");
  expect(logged).toEqual([]);
  pass(1);
  const first = { connection: "conn1", sessions: 2, reason: "closed" };
  expect(logged).toEqual([["router connection lost", first]]);
});

test("a session that loses its router alone has a line with its client, also when the worker ends", () => {
  const pass = fakeTime();
  const { log, logged } = keptLog("warn");
  const lost = new LostSessions(log, "conn1");
  lost.add("tcp4:10.0.0.1:1", "closed");
  lost.flush();
  const fields = { connection: "conn1", sessions: 1, peer: "tcp4:10.0.0.1:1", reason: "closed" };
  expect(logged).toEqual([["router connection lost", fields]]);
  pass(1_000);
  lost.flush();
  expect(logged).toHaveLength(1);
});
