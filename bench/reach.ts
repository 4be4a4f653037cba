/**
 * The reach of operations: what an operator does to a node, under 500 sessions that call steadily, and what it costs.
 *
 *     npx bun bench/reach.ts [reload] [upgrade] [kill] [hang] [drain] [metrics] [idle]
 *
 * It prints the table of docs/operations.md; without a name all rows, in about eleven minutes. The executable is
 * dist/crossproxy. Exit code 1: a row is beyond its bound.
 *
 * @module
 */

import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { removeTemporaryFolders } from "../test/support/temporary-folder.ts";
import { measureIdleNode } from "./idle-node.ts";
import { measureMetrics } from "./metrics-cost.ts";
import { measureReloads } from "./reloads.ts";
import { measureUpgrades } from "./upgrades.ts";
import { measureHangs, measureKills } from "./worker-restarts.ts";

/** One row of the table. */
export interface Row {
  what: string;
  asked: string;
  measured: string;
  isReached: boolean;
}

/** The rows by the name with which they are asked for. */
const measurements: Record<string, () => Promise<Row[]>> = {
  reload: measureReloads,
  upgrade: measureUpgrades,
  kill: measureKills,
  hang: measureHangs,
  drain: measureDrain,
  metrics: measureMetrics,
  idle: measureIdleNode,
};

/** Runs drain.ts, which prints one line of JSON. */
async function measureDrain(): Promise<Row[]> {
  const command = [process.execPath, join(import.meta.dir, "drain.ts"), "2000", "10"];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const { lost, performed, endedAfter, perSecond } = JSON.parse(await child.stdout.text()) as {
    lost: number;
    performed: number;
    endedAfter: number;
    perSecond: number[];
  };
  const most = Math.max(...perSecond);
  return [
    {
      what: "drain of 2,000 sessions, `lame_duck_duration` 10",
      asked: "0 calls lost",
      measured: `${lost} of ${performed.toLocaleString("en")} calls lost; all sessions had ended after ${endedAfter.toFixed(1)} s, at most ${most} in one second`,
      isReached: lost === 0,
    },
  ];
}

const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !(name in measurements));
if (unknown !== undefined) {
  console.error(`Cannot measure "${unknown}": expected ${Object.keys(measurements).join(", ")}`);
  process.exit(2);
}
const rows: Row[] = [];
const loadBefore = loadavg()[0] ?? 0;
for (const [name, measure] of Object.entries(measurements)) {
  if (chosen.length === 0 || chosen.includes(name)) rows.push(...(await measure()));
}
const commit = Bun.spawnSync(["git", "describe", "--always", "--dirty"]).stdout.toString().trim();
const [processor] = cpus();
console.log(`${cpus().length} × ${processor?.model}, Linux ${release()}, Bun ${Bun.version}, \
${new Date().toISOString().slice(0, 10)}, commit ${commit}, load of the machine before it ${loadBefore.toFixed(1)}

| under 500 sessions that call twice a second | asked | measured |
|---|---|---|`);
for (const { what, asked, measured } of rows) console.log(`| ${what} | ${asked} | ${measured} |`);
const missed = rows.filter(({ isReached }) => !isReached);
for (const { what } of missed) console.error(`beyond its bound: ${what}`);
removeTemporaryFolders();
process.exit(missed.length === 0 ? 0 : 1);
