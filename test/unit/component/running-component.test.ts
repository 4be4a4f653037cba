/** How events change the state of a component, and how they end it. */

import { expect, test } from "bun:test";
import type { ComponentEvent } from "#component/runner-event.ts";
import type { RunnerProcess } from "#component/runner-process.ts";
import { RunningComponent } from "#component/running-component.ts";

const id = "a";
const joined: ComponentEvent = {
  event: "joined",
  id,
  realm: "r",
  session: 1,
  authid: null,
  authrole: null,
};
const left = (had_joined: boolean, was_lost = false): ComponentEvent => ({
  event: "left",
  id,
  reason: null,
  message: null,
  had_joined,
  was_lost,
});
const lost = (had_joined: boolean, was_clean: boolean): ComponentEvent => ({
  event: "lost",
  id,
  had_joined,
  was_clean,
});
const failed = (step: "connect" | "onJoin" | "load", stays_joined = false): ComponentEvent => ({
  event: "failed",
  id,
  step,
  reason: "",
  place: "",
  traceback: "",
  path: [],
  stays_joined,
});

function component() {
  const started: unknown[] = [];
  const process = { order: (order: unknown) => started.push(order) } as unknown as RunnerProcess;
  const config = { id, type: "class", realm: "r", extra: "{}", transport: {} } as const;
  const running = new RunningComponent({ ...config }, process);
  running.start();
  return { running, started };
}

test.each([
  [left(true), "left"],
  [left(true, true), "lost"],
  [left(false), "failed"],
  [lost(true, true), "left"],
  [lost(true, false), "lost"],
  [lost(false, true), "unreachable"],
  [failed("connect"), "unreachable"],
  [failed("load"), "failed"],
  [failed("onJoin"), "failed"],
] as const)("%j ends it as %s", async (event, end) => {
  const { running } = component();
  expect(running.take(event)).toBe(end);
  expect(await running.settled(10_000)).toBe("over");
});

test("a component is waited for until it is ready", async () => {
  const { running } = component();
  expect(running.take(joined)).toBeUndefined();
  expect(await running.settled(0)).toBe("joined");
  expect(running.take({ event: "ready", id })).toBeUndefined();
  expect(await running.settled(10_000)).toBe("ready");
});

test("a component whose onJoin failed and which stays joined is not waited for", async () => {
  const { running } = component();
  running.take(joined);
  expect(running.take(failed("onJoin", true))).toBeUndefined();
  expect(await running.settled(10_000)).toBe("joined");
  expect(running.hasFailed).toBe(true);
  expect(running.take(left(true))).toBe("left");
});

test("a component that is started again is waited for again", async () => {
  const { running, started } = component();
  running.exited();
  expect(await running.settled(10_000)).toBe("over");
  running.start();
  expect(await running.settled(0)).toBe("starting");
  expect(started).toHaveLength(2);
});
