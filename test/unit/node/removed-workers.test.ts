/** In which order a reload ends workers. */

import { expect, test } from "bun:test";
import type { NodeConfig } from "#config/node/node-config.ts";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import { type ReloadedWorkers, reloadNode } from "#node/node-reload.ts";

const proxy = (id: string): WorkerConfig => ({
  type: "proxy",
  id,
  connections: {},
  routes: {},
  transports: [],
});
const router: WorkerConfig = { type: "router", id: "router", realms: [], transports: [] };

const config: NodeConfig = {
  file: "/node.json",
  folder: "/",
  controller: {
    id: "node",
    shutdown: [],
    enable_parallel_worker_start: false,
    watchdog: 10,
    shutdownDelayMs: 0,
    lameDuckMs: 0,
  },
  workers: [],
};

test("removed proxies end together, and routers when all of them have ended", async () => {
  const ends = new Map<string, () => void>();
  const workers: ReloadedWorkers = {
    processOf: () => null,
    nodeKeyOf: () => null,
    add: () => Promise.resolve(),
    remove: (id) => new Promise((resolve) => ends.set(id, resolve)),
    use() {},
  };
  const removed = [router, proxy("one"), proxy("two")];
  const plan = { changed: [], replaced: [], added: [], removed };
  const reloaded = reloadNode(workers, plan, { config, isForced: false });
  const removing = async (count: number) => {
    while (ends.size < count) await Promise.resolve();
    return [...ends.keys()];
  };
  expect(await removing(2)).toEqual(["one", "two"]);
  ends.get("one")?.();
  await Promise.resolve();
  expect(ends.size).toBe(2);
  ends.get("two")?.();
  expect(await removing(3)).toEqual(["one", "two", "router"]);
  ends.get("router")?.();
  await reloaded;
});
