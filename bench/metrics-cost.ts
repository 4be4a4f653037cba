/**
 * What metrics cost a saturated node: the processor time of scrapes of `/metrics`, and of counting, beside that of calls.
 *
 * Scrapes are measured behind the calls and not among them: they take so little that it is lost in the differences from
 * one second of calls to the next.
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

const CLIENTS = 8;
const IN_FLIGHT = 4;
const WARM_UP_MS = 10_000;
const MEASURE_MS = 10_000;
const SCRAPES = 200;

/** Prometheus asks so often unless it is told otherwise. */
const SCRAPE_INTERVAL_SECONDS = 15;

/** CALL, INVOCATION, YIELD and RESULT, by the proxy and by the router. */
const COUNTS_OF_CALL = 8;

/** Processor time of counting and of scrapes, beside that of calls. */
export async function measureMetrics(): Promise<Row[]> {
  const [proxyPort = 0, routerPort = 0, adminPort = 0] = freePorts(3);
  const config = proxiedNodeConfig({ proxyPort, routerPort });
  const controller = { admin: { endpoint: { type: "tcp", port: adminPort } } };
  const node = await startNode(temporaryFolder({ "node.json": { ...config, controller } }));
  const pids = [node.pid, ...Object.values(workerPids(node.output()))];
  /** Microseconds of all processes of the node. */
  const spent = async (work: () => Promise<unknown>): Promise<number> => {
    const before = threadTimes(pids);
    await work();
    return cpuBetween(before, threadTimes(pids)).all;
  };
  const calls = await saturate(`ws://127.0.0.1:${proxyPort}/`, `ws://127.0.0.1:${routerPort}/`);
  await Bun.sleep(WARM_UP_MS);
  const answered = calls.answered;
  const ofCalls = await spent(() => Bun.sleep(MEASURE_MS));
  const callMicros = ofCalls / (calls.answered - answered);
  calls.stop();
  await Bun.sleep(1_000);
  const ofScrapes = await spent(async () => {
    for (let count = 0; count < SCRAPES; count++) {
      await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    }
  });
  await node.stop();
  const scrapeMicros = ofScrapes / SCRAPES;
  const countNanos = nanosecondsOfCount();
  const countingPercent = (COUNTS_OF_CALL * countNanos) / 10 / callMicros;
  const scrapingPercent = scrapeMicros / SCRAPE_INTERVAL_SECONDS / 10_000;
  return [
    {
      what: "metrics, at saturation",
      asked: "<= 1 % of CPU",
      measured: `counting ${countingPercent.toFixed(2)} % of a call (${countNanos.toFixed(0)} ns a message, ${callMicros.toFixed(0)} µs a call); a scrape of all three processes ${(scrapeMicros / 1000).toFixed(1)} ms, ${scrapingPercent.toFixed(2)} % of a processor at one every ${SCRAPE_INTERVAL_SECONDS} s`,
      isReached: countingPercent + scrapingPercent <= 1,
    },
  ];
}

/** Calls as fast as the node answers, until `stop`; `answered` counts. */
async function saturate(proxy: string, router: string) {
  const calls = { answered: 0, isStopped: false };
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
    const call = () => {
      request += 1;
      caller.send(`[48,${request},{},"com.example.echo",["${"x".repeat(32)}"]]`);
    };
    const caller = await join(proxy, "json", () => {
      calls.answered += 1;
      if (!calls.isStopped) call();
    });
    caller.onclose = null;
    for (let count = 0; count < IN_FLIGHT; count++) call();
  }
  return Object.assign(calls, {
    stop() {
      calls.isStopped = true;
    },
  });
}

function nanosecondsOfCount(): number {
  const rounds = 2e7;
  const traffic = new TrafficCount();
  const run = () => {
    for (let round = 0; round < rounds; round++) {
      traffic.count(48 + (round & 31), (round & 65_535) | 1);
    }
  };
  run();
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / rounds;
}
