import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NodeReloader } from "#cli/node-reloader.ts";
import { loadNodeConfig } from "#config/load.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import { planReload } from "#node/reload-plan.ts";
import { keptLog } from "../../support/kept-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const node = (...ids: string[]) => ({
  version: 2,
  workers: ids.map((id) => ({ type: "router", id, realms: [], transports: [] })),
});

/** A node that a test starts, with what its workers are asked. */
async function startNode() {
  const file = join(temporaryFolder({ "node.json": node("one") }), "node.json");
  const { config } = await loadNodeConfig(file);
  if (config === null) throw new Error("the configuration has a fault");
  const asked: string[] = [];
  const reloads: boolean[] = [];
  let present: NodeConfig = config;
  const started = Promise.withResolvers<void>();
  const { log, logged } = keptLog("info", "error");
  const parts = {
    file: { file, folder: join(file, "..") },
    config,
    controller: {
      async reload(next: { config: NodeConfig; isForced: boolean }) {
        const plan = planReload(present, next.config, next.isForced);
        asked.push(next.config.workers.map(({ id }) => id).join());
        present = next.config;
        return plan;
      },
      noteReload: (isSuccessful: boolean) => void reloads.push(isSuccessful),
    },
    renewCertificates: () => void asked.push("renew"),
    nodeKey: () => "00",
    log,
  };
  const reloader = new NodeReloader(parts, null, started.promise);
  const write = (value: object) => writeFileSync(file, JSON.stringify(value));
  return { file, reloader, asked, reloads, started, write, logged };
}

test("all that ask before a reload has begun get the same one, after the start of the node", async () => {
  const { reloader, asked, started, write } = await startNode();
  const answers = Array.from({ length: 9 }, () => reloader.reload(false));
  const forced = reloader.reload(true);
  write(node("one", "two"));
  expect(asked).toEqual([]);
  started.resolve();
  expect(new Set(await Promise.all(answers)).size).toBe(1);
  await forced;
  expect(asked).toEqual(["one,two", "renew", "one,two", "renew"]);
});

test("says what has happened, and renews certificates without a change", async () => {
  const { file, reloader, asked, started, write } = await startNode();
  started.resolve();
  expect(await reloader.reload(false)).toEqual({
    isDone: true,
    text: `Nothing to reload: "${file}" has not changed; certificates are read again`,
  });
  expect(asked).toEqual(["renew"]);
  write(node("two"));
  expect(await reloader.reload(false)).toEqual({
    isDone: true,
    text: `Reloaded "${file}": added two; removed one`,
  });
});

test("names every fault, in the answer and in the log, and asks no worker", async () => {
  const { file, reloader, asked, started, write, logged } = await startNode();
  started.resolve();
  write({ version: 2, workers: [{ type: "router", id: "1" }, { type: "nothing" }] });
  const { isDone, text } = await reloader.reload(false);
  expect(isDone).toBe(false);
  const lines = text.split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe(`Cannot reload "${file}": it has 2 problems; the node goes on as it is`);
  expect(logged.map(([line]) => line)).toEqual([
    ...lines.slice(0, 2),
    "configuration not reloaded",
  ]);
  expect(asked).toEqual([]);
});

test("notes whether the last configuration was taken", async () => {
  const { reloader, reloads, started, write } = await startNode();
  started.resolve();
  await reloader.reload(false);
  write({ version: 3 });
  await reloader.reload(false);
  expect(reloads).toEqual([true, false]);
});
