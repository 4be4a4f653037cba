/** Calls to a process of authenticators, and a process that does not answer. */

import { expect, test } from "bun:test";
import { AuthenticatorCalls } from "#component/authenticator-calls.ts";
import type { RunnerOrder } from "#component/runner-process.ts";
import { fakeTime } from "../../support/fake-time.ts";

function calling() {
  const orders: RunnerOrder[] = [];
  let kills = 0;
  const calls = new AuthenticatorCalls({
    order: (order) => orders.push(order),
    kill: () => {
      kills += 1;
    },
  });
  return { calls, orders, kills: () => kills };
}

const { signal } = new AbortController();

test("a call gets its own answer", async () => {
  const { calls, orders } = calling();
  const first = calls.call("a", "[1]", signal);
  const second = calls.call("b", "[2]", signal);
  expect(orders).toEqual([
    { call: { call: 1, id: "a", args: "[1]" } },
    { call: { call: 2, id: "b", args: "[2]" } },
  ]);
  calls.onAnswer({ event: "returned", call: 2, value: '"two"' });
  calls.onAnswer({ event: "returned", call: 1, value: '"one"' });
  expect(await first).toMatchObject({ value: '"one"' });
  expect(await second).toMatchObject({ value: '"two"' });
});

test("at most 1,000 calls are unanswered, also those that were given up", async () => {
  const { calls } = calling();
  const canceled = new AbortController();
  const waiting = Array.from({ length: 1000 }, () => calls.call("a", "[]", canceled.signal));
  const ends = Promise.allSettled(waiting);
  canceled.abort(new Error("too late"));
  for (const end of await ends) expect(end).toMatchObject({ reason: new Error("too late") });
  await expect(calls.call("a", "[]", signal)).rejects.toThrow(
    "Cannot call an authenticator: 1000 calls wait for an answer",
  );
  calls.onAnswer({ event: "canceled", call: 7 });
  const next = calls.call("a", "[]", signal);
  calls.fail("its process has ended");
  await expect(next).rejects.toThrow("Cannot call an authenticator: its process has ended");
  await expect(calls.call("a", "[]", signal)).rejects.toThrow("its process has ended");
});

test("a call that is given up is canceled, and a process that stays silent is killed", async () => {
  const pass = fakeTime();
  const { calls, orders, kills } = calling();
  const giveUp = async () => {
    const client = new AbortController();
    const call = calls.call("a", "[]", client.signal);
    client.abort(new Error("gone"));
    await expect(call).rejects.toThrow("gone");
  };
  await giveUp();
  expect(orders.at(-1)).toEqual({ cancel: 1 });
  pass(9_000);
  // Any event is a sign of life.
  calls.onSign();
  pass(9_000);
  expect(kills()).toBe(0);
  await giveUp();
  pass(10_000);
  expect(kills()).toBe(1);
});

test("an answered call cannot be given up", async () => {
  const { calls, orders } = calling();
  const client = new AbortController();
  const call = calls.call("a", "[]", client.signal);
  calls.onAnswer({ event: "returned", call: 1, value: "1" });
  client.abort();
  await call;
  expect(orders).toHaveLength(1);
});
