/** The latest warnings, which the page of the node shows. */

import { expect, test } from "bun:test";
import { keepingWarnings, MAX_WARNINGS, RecentWarnings } from "#observe/recent-warnings.ts";
import { keptLog } from "../../support/kept-log.ts";
import { quiet } from "../../support/quiet-context.ts";

test("keeps warnings and errors that are logged, and no other lines", () => {
  const kept = new RecentWarnings();
  const { log, logged } = keptLog("error", "warn", "info", "debug");
  const keeping = keepingWarnings(log, kept);
  keeping.error("session failed", { stalled: 1 });
  keeping.warn("worker died", { id: "proxy1" });
  keeping.info("worker started");
  keeping.debug("session left");
  expect(logged).toHaveLength(4);
  const { warnings, count } = kept.take();
  expect([warnings.map(({ level, event }) => [level, event]), count]).toEqual([
    [
      ["error", "session failed"],
      ["warn", "worker died"],
    ],
    2,
  ]);
  expect(kept.take()).toEqual({ warnings: [], count: 0 });
});

test("keeps the fields that are for every eye, if they have a value", () => {
  const kept = new RecentWarnings();
  const names = { id: "proxy1", connection: "conn1", transport: "web", realm: "realm1" };
  const reasons = { authrole: "user", ended: "signal SIGKILL", trigger: "t", towards: "client" };
  const numbers = { restart_ms: 100, bufferedOctets: 1, messages: 2, refused: 3, stalled: 4 };
  const ends = { ends: 5, silent_seconds: 10 };
  const others = {
    uri: "wamp.error.canceled",
    limit: "max_connections",
    message: "CALL",
    waiting: 5,
  };
  const fields = { ...names, ...reasons, ...numbers, ...ends, ...others };
  kept.add("warn", "worker died", fields);
  kept.add("warn", "worker died", { id: undefined, realm: null, stalled: 0 });
  const [whole, sparse] = kept.take().warnings;
  expect([whole?.fields, sparse?.fields]).toStrictEqual([fields, { stalled: 0 }]);
});

test.each([
  ["a process id", { worker_pid: 4711, pid: 4711 }],
  ["an address", { peer: "tcp4:192.0.2.1:49816", address: "192.0.2.1" }],
  ["an authid and a session", { authid: "joe", session: 7 }],
  ["a file", { file: "/etc/node/key.priv", archive: "/a.zip", path: "/a", folder: "/" }],
  [
    "a sentence or a stack",
    { reason: "/run/a.sock", stack: "at /a.ts:1", error: "/a", sentence: "x" },
  ],
])("keeps no field with %s", (_, fields) => {
  const kept = new RecentWarnings();
  kept.add("warn", "something happened", fields);
  expect(kept.take().warnings[0]?.fields).toEqual({});
});

test.each([
  ["router connection lost", true],
  ["session closed: the client did not read", true],
  ["authorizer's validate not honoured", true],
  ['Cannot start worker "proxy1": cannot run "/usr/bin/crossproxy"', false],
  ["Cannot read /etc/key.priv", false],
  ["worker 4711 died", false],
  ["$.workers: unknown", false],
])("an event of words alone is shown: %s", (event, isShown) => {
  const kept = new RecentWarnings();
  kept.add("error", event);
  const shown = isShown ? event : "a warning that only the log has";
  expect(kept.take().warnings[0]?.event).toBe(shown);
});

test("cuts long values, and prints no control characters", () => {
  const kept = new RecentWarnings();
  kept.add("warn", "message left out", { uri: `a\n${"b".repeat(500)}` });
  expect(kept.take().warnings[0]?.fields["uri"]).toBe(`a\\n${"b".repeat(98)}… (502 characters)`);
});

test("keeps the latest ones, and counts them all", () => {
  const kept = new RecentWarnings();
  for (let id = 0; id < MAX_WARNINGS + 3; id++) kept.add("warn", "worker died", { limit: id });
  const { warnings, count } = kept.take();
  expect([warnings.length, warnings[0]?.fields["limit"], count]).toEqual([50, 3, 53]);
});

test("whether lines of info are omitted is what the log says at that moment", () => {
  const log = { ...quiet, omitsInfo: true };
  const keeping = keepingWarnings(log, new RecentWarnings());
  expect(keeping.omitsInfo).toBe(true);
  log.omitsInfo = false;
  expect(keeping.omitsInfo).toBe(false);
});
