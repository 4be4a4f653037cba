/**
 * The program of a node of proxies is replaced again and again, under 500 sessions that call and clients that connect.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { runCleanups } from "../test/support/cleanups.ts";
import { connectingClients } from "../test/support/connecting-clients.ts";
import { untilEnded } from "../test/support/process-end.ts";
import { freePort } from "../test/support/temporary-node.ts";
import {
  command,
  nodePid,
  proxyWorker,
  separateRouter,
  upgradableNode,
} from "../test/support/upgraded-node.ts";
import type { Row } from "./reach.ts";
import { SteadyCallers } from "./steady-callers.ts";

const SESSIONS = 500;
const UPGRADES = 3;

/** So many at a time join, call the same procedure twice, leave and connect again. */
const CONNECTING_CLIENTS = 4;

/** Calls that are made behind the end of a process, before the next upgrade. */
const SETTLE_MS = 1_500;

/** Upgrades until each of some processes has been replaced by the next one, and has ended. */
export async function measureUpgrades(): Promise<Row[]> {
  const router = await separateRouter();
  const endpoint = { type: "tcp", port: freePort(), interface: "127.0.0.1", shared: true };
  const proxies = ["proxy1", "proxy2"].map((id) => proxyWorker(id, router.socket, [endpoint]));
  const { folder } = await upgradableNode(proxies);
  const url = `ws://127.0.0.1:${endpoint.port}/`;
  const callers = await SteadyCallers.start(url, SESSIONS, router.url);
  const clients = connectingClients(url, CONNECTING_CLIENTS);
  const seconds: number[] = [];
  for (let upgrade = 0; upgrade < UPGRADES; upgrade++) {
    const pid = nodePid(folder);
    const startedAt = performance.now();
    const { output, exitCode } = await command(folder, "upgrade", "node.json");
    if (exitCode !== 0) throw new Error(`Cannot upgrade: ${output}`);
    seconds.push((performance.now() - startedAt) / 1000);
    await untilEnded(pid);
    await Bun.sleep(SETTLE_MS);
  }
  const { lost, joined } = await clients.stop();
  const { answered, lostCalls, lostSessions, movedSessions, slowestMs } = await callers.stop();
  await runCleanups();
  const number = (count: number) => count.toLocaleString("en");
  const total = lostSessions + lostCalls + lost.length;
  return [
    {
      what: `\`crossproxy upgrade\` of two proxies on a port, ${UPGRADES} times, while ${CONNECTING_CLIENTS} more clients connect all the time (\`net.ipv4.tcp_migrate_req\` ${migratesRequests()})`,
      asked: "0 sessions dropped, 0 calls lost, 0 connects refused",
      measured: `${lostSessions} sessions dropped, ${number(movedSessions)} times one joined again after GOODBYE; ${lostCalls} of ${number(answered)} calls lost, an answer took at most ${number(Math.round(slowestMs))} ms; ${lost.length} of ${number(joined)} connects refused; a new process served after at most ${Math.max(...seconds).toFixed(1)} s`,
      isReached: total === 0 && movedSessions === UPGRADES * SESSIONS,
    },
  ];
}

/** Whether the system moves connections that wait on a socket that is closed to others of its port. */
function migratesRequests(): string {
  return readFileSync("/proc/sys/net/ipv4/tcp_migrate_req", "utf8").trim();
}
