/**
 * What a node without clients takes of its machine: its controller, a router and a proxy.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { proxiedNodeConfig } from "../test/support/proxied-node.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { freePorts, startNode, workerPids } from "../test/support/temporary-node.ts";
import { cpuBetween, threadTimes } from "./process-usage.ts";
import type { Row } from "./reach.ts";

/** Until the compilers and the first collections of garbage are over. */
const SETTLE_MS = 60_000;
const MEASURE_MS = 60_000;

/** The node's memory, shared pages counted once, and its share of one processor. */
export async function measureIdleNode(): Promise<Row[]> {
  const [proxyPort = 0, routerPort = 0] = freePorts(2);
  const config = proxiedNodeConfig({ proxyPort, routerPort });
  const node = await startNode(temporaryFolder({ "node.json": config }));
  const pids = [node.pid, ...Object.values(workerPids(node.output()))];
  await Bun.sleep(SETTLE_MS);
  const before = threadTimes(pids);
  await Bun.sleep(MEASURE_MS);
  const percent = cpuBetween(before, threadTimes(pids)).all / (10 * MEASURE_MS);
  const megabytes = pids.map(proportionalKiB).reduce((sum, kib) => sum + kib, 0) / 1024;
  await node.stop();
  return [
    {
      what: "idle node of three processes: memory (PSS)",
      asked: "<= 90 MB",
      measured: `${megabytes.toFixed(1)} MiB`,
      isReached: megabytes <= 90,
    },
    {
      what: "idle node of three processes: CPU",
      asked: "<= 0.1 %",
      measured: `${percent.toFixed(2)} % of one processor`,
      isReached: percent <= 0.1,
    },
  ];
}

/** Resident memory; pages that processes share are divided among them, also among those of another node. */
function proportionalKiB(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}
