/**
 * What metrics cost a saturated node: slices of one second with and without a scrape of `/metrics`, in turns, and what
 * counting costs each message.
 *
 * @module
 */

import { TrafficCount } from "#observe/traffic.ts";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { proxiedNodeConfig } from "../test/support/proxied-node.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { freePorts, startNode, workerPids } from "../test/support/temporary-node.ts";
import { encode, join } from "./clients.ts";
import { cpuBetween, threadTimes } from "./process-usage.ts";
import type { Row } from "./reach.ts";
import { quantile } from "./slice-statistics.ts";

const CLIENTS = 8;
const IN_FLIGHT = 4;
const SLICE_MS = 1_000;
const PAIRS = 30;
const WARM_UP_MS = 10_000;

/** CALL, INVOCATION, YIELD and RESULT, by the proxy and by the router. */
const COUNTS_OF_CALL = 8;

/** Processor time of the node for one call, with a scrape each second and without one. */
export async function measureMetrics(): Promise<Row[]> {
  const [proxyPort = 0, routerPort = 0, adminPort = 0] = freePorts(3);
  const config = proxiedNodeConfig({ proxyPort, routerPort });
  const controller = { admin: { endpoint: { type: "tcp", port: adminPort } } };
  const node = await startNode(temporaryFolder({ "node.json": { ...config, controller } }));
  const calls = await saturate(`ws://127.0.0.1:${proxyPort}/`, `ws://127.0.0.1:${routerPort}/`);
  const pids = [node.pid, ...Object.values(workerPids(node.output()))];
  const slice = async (scrapes: boolean): Promise<number> => {
    const [cpuBefore, before] = [threadTimes(pids), calls.answered];
    if (scrapes) await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    await Bun.sleep(SLICE_MS);
    return cpuBetween(cpuBefore, threadTimes(pids)).all / (calls.answered - before);
  };
  await Bun.sleep(WARM_UP_MS);
  const ratios: number[] = [];
  const plain: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const without = await slice(false);
    const between = await slice(true);
    const after = await slice(false);
    plain.push(without);
    ratios.push((2 * between) / (without + after));
  }
  await node.stop();
  const percent = 100 * (quantile(ratios, 0.5) - 1);
  const cpuMicros = quantile(plain, 0.5);
  const countingNanos = nanosecondsOfCount();
  const countingPercent = (COUNTS_OF_CALL * countingNanos) / 10 / cpuMicros;
  return [
    {
      what: "metrics, at saturation",
      asked: "<= 1 % of CPU",
      measured: `counting: ${countingNanos.toFixed(1)} ns a message, ${countingPercent.toFixed(2)} % of a call; a scrape every second: ${percent.toFixed(1)} % (quartiles ${spread(ratios)})`,
      isReached: percent + countingPercent <= 1,
    },
  ];
}

const spread = (ratios: readonly number[]) =>
  [0.25, 0.75].map((at) => (100 * (quantile(ratios, at) - 1)).toFixed(1)).join(" and ");

/** Calls as fast as the node answers; `answered` counts. */
async function saturate(proxy: string, router: string): Promise<{ answered: number }> {
  const calls = { answered: 0 };
  const registered = Promise.withResolvers<void>();
  const callee = await join(router, "json", (frame) => {
    const [type, id, , , args] = decodeMessage(Buffer.from(frame), "json");
    if (type === 65) registered.resolve();
    if (type === 68) callee.send(encode([70, id, {}, args], "json"));
  });
  callee.onclose = null;
  callee.send(encode([64, 1, {}, "com.example.echo"], "json"));
  await registered.promise;
  for (let client = 0; client < CLIENTS; client++) {
    let request = 0;
    const call = () => caller.send(`[48,${++request},{},"com.example.echo",["${"x".repeat(32)}"]]`);
    const caller = await join(proxy, "json", () => {
      calls.answered += 1;
      call();
    });
    caller.onclose = null;
    for (let count = 0; count < IN_FLIGHT; count++) call();
  }
  return calls;
}

function nanosecondsOfCount(): number {
  const rounds = 2e7;
  const traffic = new TrafficCount();
  for (let round = 0; round < rounds; round++)
    traffic.count(48 + (round & 31), (round & 65535) | 1);
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round++)
    traffic.count(48 + (round & 31), (round & 65535) | 1);
  return ((performance.now() - startedAt) * 1e6) / rounds;
}
