/** reloadNode: what becomes of workers that end while a reload waits for others. */

import { expect, test } from "bun:test";
import type { NodeConfig } from "#config/node/node-config.ts";
import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import { type ReloadedWorkers, reloadNode } from "#node/node-reload.ts";
import type { ReconfigurableProcess } from "#node/worker-process.ts";

/** A process that writes down what is asked of it. */
class RecordedProcess implements ReconfigurableProcess {
  readonly asked: string[] = [];

  async prepare(): Promise<void> {
    this.asked.push("prepare");
  }

  async apply(): Promise<void> {
    this.asked.push("apply");
  }

  abandon(): void {
    this.asked.push("abandon");
  }

  kill(): void {
    this.asked.push("kill");
  }
}

const proxy = (id: string): NativeWorkerConfig => ({
  type: "proxy",
  id,
  connections: {},
  routes: {},
  transports: [],
});

/** A reload that changes worker "old", and adds "new"; `during` runs while that one starts. */
async function reloaded(before: RecordedProcess | null, during?: RecordedProcess | null) {
  let present = before;
  const workers: ReloadedWorkers = {
    processOf: () => present,
    nodeKeyOf: () => null,
    async add() {
      if (during !== undefined) present = during;
    },
    async remove() {},
    use() {},
  };
  const plan = { changed: [proxy("old")], replaced: [], added: [proxy("new")], removed: [] };
  const config = { workers: [proxy("old"), proxy("new")] } as unknown as NodeConfig;
  await reloadNode(workers, plan, { config, isForced: false });
}

test("a process that has prepared the configuration applies it", async () => {
  const process = new RecordedProcess();
  await reloaded(process);
  expect(process.asked).toEqual(["prepare", "apply"]);
});

test.each([
  ["after it has prepared the configuration", new RecordedProcess()],
  ["before", null],
])("a worker that ended %s, and runs again by now, is started once more", async (_when, first) => {
  const second = new RecordedProcess();
  await reloaded(first, second);
  expect(second.asked).toEqual(["kill"]);
});

test("a worker that waits for its restart needs nothing", async () => {
  const process = new RecordedProcess();
  await reloaded(process, null);
  expect(process.asked).toEqual(["prepare", "apply"]);
});
