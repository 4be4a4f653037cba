import { expect, test } from "bun:test";
import { ProcessUsageMeter, rounded } from "#observe/process-usage.ts";

test("measures processor time and memory from one reading to the next", () => {
  const meter = new ProcessUsageMeter();
  const first = meter.read();
  const before = process.cpuUsage().user;
  while (process.cpuUsage().user < before + 50_000);
  const second = meter.read();
  expect(second.cpuSeconds).toBeGreaterThanOrEqual(first.cpuSeconds + 0.04);
  expect(second.cpuPercent).toBeGreaterThan(0);
  expect(second.residentOctets).toBeGreaterThan(2 ** 20);
  expect(second.startedAt).toBe(first.startedAt);
  expect(Date.parse(first.startedAt)).toBeLessThan(Date.now());
});

test.each([
  [1.25, 1, 1.3],
  [0.004, 2, 0],
  [12, 1, 12],
])("%d with %d decimal places is %d", (value, places, expected) => {
  expect(rounded(value, places)).toBe(expected);
});
