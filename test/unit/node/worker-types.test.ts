import { expect, test } from "bun:test";
import { WORKER_TYPES } from "#node/worker-types.ts";

test("proxies stop before the routers behind them", () => {
  expect(WORKER_TYPES.indexOf("proxy")).toBeLessThan(WORKER_TYPES.indexOf("router"));
});
