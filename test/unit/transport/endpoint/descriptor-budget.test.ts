import { expect, test } from "bun:test";
import { DescriptorBudget } from "#transport/endpoint/descriptor-budget.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";

/** A process of 200 descriptors that has 20 open without clients. */
const facts = { max: () => 200, count: () => 21 };

test("warns once when four fifths of all descriptors are open, and again after there were fewer", () => {
  const { log, logged } = keptLog("warn");
  const budget = new DescriptorBudget(facts);
  const take = (clients: number) => {
    for (let count = 0; count < clients; count++) budget.take(2, log);
  };
  const release = (clients: number) => {
    for (let count = 0; count < clients; count++) budget.release(2, log);
  };
  take(69);
  expect(logged).toEqual([]);
  take(2);
  expect(logged).toEqual([["file descriptors run out", { open: 160, limit: 200 }]]);
  release(11);
  take(11);
  expect(logged).toHaveLength(1);
  release(12);
  take(12);
  expect(logged).toHaveLength(2);
});

test("lets in as many clients as have two descriptors each, and says once that more are refused", () => {
  const { log, logged } = keptLog("warn", "info");
  const budget = new DescriptorBudget(facts);
  const refusals = () => logged.filter(([event]) => event !== "file descriptors run out");
  const taken = Array.from({ length: 300 }, () => budget.take(2, log)).filter(Boolean);
  expect(taken.length).toBe(82);
  expect(refusals()).toEqual([
    ["connections refused: not enough file descriptors", { limit: 200 }],
  ]);
});

test("lets clients in again when some have left, and says so when there is room for several", () => {
  const { log, logged } = keptLog("warn", "info");
  const budget = new DescriptorBudget(facts);
  while (budget.take(2, log));
  expect([budget.take(2, log), budget.take(2, log)]).toEqual([false, false]);
  budget.release(2, log);
  expect([budget.take(2, log), budget.take(2, log)]).toEqual([true, false]);
  expect(logged.length).toBe(2);
  for (let left = 0; left < 6; left++) budget.release(2, log);
  expect(logged.slice(2)).toEqual([["connections accepted again", { refused: 4 }]]);
});

test("refuses nobody where the system tells no limit", () => {
  const { log, logged } = keptLog("warn");
  const budget = new DescriptorBudget({ max: () => Number.POSITIVE_INFINITY, count: () => 0 });
  expect(Array.from({ length: 1000 }, () => budget.take(2, log))).not.toContain(false);
  expect(logged).toEqual([]);
});

test("counts the descriptors of the process at most once a second, while no client is there", () => {
  const pass = fakeTime();
  const { log } = keptLog("warn");
  let counts = 0;
  const budget = new DescriptorBudget({ max: () => 200, count: () => ++counts });
  const comeAndGo = () => {
    budget.take(2, log);
    budget.release(2, log);
    return counts;
  };
  expect([comeAndGo(), comeAndGo()]).toEqual([1, 1]);
  pass(999);
  expect(comeAndGo()).toBe(1);
  pass(1);
  expect(comeAndGo()).toBe(2);
});
