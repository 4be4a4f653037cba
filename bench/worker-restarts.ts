/**
 * How long the clients of a proxy wait that is killed, or hangs, while 500 sessions of another one call.
 *
 * @module
 */

import { proxiedNodeConfig } from "../test/support/proxied-node.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { freePorts, startNode } from "../test/support/temporary-node.ts";
import { join } from "./clients.ts";
import type { Row } from "./reach.ts";
import { SteadyCallers, type SteadyCounts } from "./steady-callers.ts";

const SESSIONS = 500;
const KILLS = 12;
const HANGS = 3;

/** A worker that ends sooner than 10 s after its start is started with a delay. */
const STABLE_MS = 10_500;

/** So often, and for so long, a client tries to join. */
const ATTEMPT_PAUSE_MS = 5;
const ATTEMPT_MS = 300;

/** `kill -9` of a proxy until a client has joined at its port. */
export async function measureKills(): Promise<Row[]> {
  const { waits, counts } = await measureRestarts("SIGKILL", KILLS);
  const median = waits[Math.floor(waits.length / 2)] ?? Number.NaN;
  const measured = `median of ${KILLS}: ${median.toFixed(2)} s, ${range(waits)}; ${printLosses(counts)}`;
  return [
    {
      what: "a proxy is killed (`kill -9`): joined again at its port",
      asked: "< 0.3 s",
      measured,
      isReached: median < 0.3 && isLossless(counts),
    },
  ];
}

/** SIGSTOP of a proxy until a client has joined at its port. */
export async function measureHangs(): Promise<Row[]> {
  const { waits, counts } = await measureRestarts("SIGSTOP", HANGS);
  return [
    {
      what: "a proxy hangs (SIGSTOP): joined again at its port",
      asked: "< 15 s",
      measured: `${HANGS} times: ${range(waits)}; ${printLosses(counts)}`,
      isReached: (waits.at(-1) ?? Number.NaN) < 15 && isLossless(counts),
    },
  ];
}

const range = (waits: readonly number[]) =>
  `${waits[0]?.toFixed(2)} to ${waits.at(-1)?.toFixed(2)} s`;

/** What the sessions of the other proxy have lost. */
function printLosses({ lostSessions, movedSessions, lostCalls, answered }: SteadyCounts): string {
  return `${lostSessions + movedSessions} other sessions and ${lostCalls} of ${answered.toLocaleString("en")} calls lost`;
}

const isLossless = ({ lostSessions, movedSessions, lostCalls }: SteadyCounts) =>
  lostSessions + movedSessions + lostCalls === 0;

/** The seconds until each new process served, the shortest first, and what the sessions have lost meanwhile. */
async function measureRestarts(signal: "SIGKILL" | "SIGSTOP", times: number) {
  const [port = 0, otherPort = 0, routerPort = 0] = freePorts(3);
  const { version, workers } = proxiedNodeConfig({ proxyPort: port, routerPort });
  const [router, proxy] = workers;
  const [transport] = proxy?.transports ?? [];
  const endpoint = { type: "tcp", port: otherPort, interface: "127.0.0.1" };
  const other = { ...proxy, id: "other", transports: [{ ...transport, endpoint }] };
  const node = await startNode(
    temporaryFolder({ "node.json": { version, workers: [router, proxy, other] } }),
  );
  const callers = await SteadyCallers.start(`ws://127.0.0.1:${port}/`, SESSIONS);
  const waits: number[] = [];
  for (let time = 0; time < times; time++) {
    await Bun.sleep(STABLE_MS);
    process.kill(pidOf(node.output(), "other"), signal);
    waits.push(await secondsUntilJoined(`ws://127.0.0.1:${otherPort}/`));
  }
  const counts = await callers.stop();
  await node.stop();
  return { waits: waits.sort((one, two) => one - two), counts };
}

/** The pid of the last process of a worker. */
function pidOf(output: string, id: string): number {
  const starts = output.matchAll(new RegExp(`worker started id=${id} .*worker_pid=(\\d+)`, "g"));
  return Number([...starts].at(-1)?.[1]);
}

async function secondsUntilJoined(url: string): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const attempt = join(url, "json", () => {}).then(
      (socket) => {
        socket.onclose = null;
        socket.close();
        return true;
      },
      () => false,
    );
    const isJoined = await Promise.race([attempt, Bun.sleep(ATTEMPT_MS).then(() => false)]);
    if (isJoined) return (performance.now() - startedAt) / 1000;
    await Bun.sleep(ATTEMPT_PAUSE_MS);
  }
}
