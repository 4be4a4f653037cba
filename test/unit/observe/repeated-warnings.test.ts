import { expect, test } from "bun:test";
import { limitingRepeats } from "#observe/repeated-warnings.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { keptLog } from "../../support/kept-log.ts";

const fields = { connection: "conn1", reason: "nobody listens there" };

test("a warning that repeats itself has a line at once, and one with the number of the others", () => {
  const pass = fakeTime();
  const { log, logged } = keptLog("warn");
  const limited = limitingRepeats(log);
  for (let times = 0; times < 4; times++) limited.warn("router failed", fields);
  expect(logged).toEqual([["router failed", fields]]);
  pass(10_000);
  expect(logged.slice(1)).toEqual([["router failed", { ...fields, repeated: 3 }]]);
  limited.warn("router failed", fields);
  pass(10_000);
  expect(logged.slice(2)).toEqual([["router failed", { ...fields, repeated: 1 }]]);
  pass(10_000);
  expect(logged).toHaveLength(3);
  limited.warn("router failed", fields);
  expect(logged).toHaveLength(4);
});

test("lines are the same if all but their peer is, and each level has its own", () => {
  fakeTime();
  const { log, logged } = keptLog("warn", "error");
  const limited = limitingRepeats(log);
  for (const peer of ["tcp4:10.0.0.1:1", "tcp4:10.0.0.2:2"]) {
    limited.warn("client refused", { peer, ...fields });
  }
  limited.warn("client refused", { ...fields, connection: "conn2" });
  limited.error("client refused", fields);
  expect(logged.map(([, { peer, connection } = {}]) => [peer, connection])).toEqual([
    ["tcp4:10.0.0.1:1", "conn1"],
    [undefined, "conn2"],
    [undefined, "conn1"],
  ]);
});

test("lines of level info are never counted", () => {
  const { log, logged } = keptLog("info");
  const limited = limitingRepeats(log);
  for (let times = 0; times < 3; times++) limited.info("session joined", fields);
  expect(logged).toHaveLength(3);
});

test("beyond a thousand lines others are written each time", () => {
  fakeTime();
  const { log, logged } = keptLog("warn");
  const limited = limitingRepeats(log);
  for (let line = 0; line < 1_000; line++) limited.warn("client refused", { line });
  for (let times = 0; times < 2; times++) limited.warn("client refused", { line: 1_000 });
  limited.warn("client refused", { line: 0 });
  expect(logged).toHaveLength(1_002);
});

test("info is omitted as the log does at the moment", () => {
  const { log } = keptLog("warn");
  let omitsInfo = true;
  const limited = limitingRepeats({
    ...log,
    get omitsInfo() {
      return omitsInfo;
    },
  });
  expect(limited.omitsInfo).toBe(true);
  omitsInfo = false;
  expect(limited.omitsInfo).toBe(false);
});
