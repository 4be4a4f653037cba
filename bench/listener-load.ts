/**
 * The load of the table of listeners over HTTP: they connect, and then events are published, one after the other has
 * come to all of them; one line of JSON on stdout.
 *
 *     bun bench/listener-load.ts '{"port":8080,"pids":[123],"listeners":"/events?topic=com.example.bench",
 *       "count":1000,"publisher":"/publish","publication":"{...}","events":20}'
 *
 * @module
 */

import { cpuBetween, memoryKiB, threadTimes } from "./process-usage.ts";
import { quantile } from "./slice-statistics.ts";

/** The load. */
export interface ListenerLoadOptions {
  port: number;
  pids: number[];
  /** The path and query of the listeners. */
  listeners: string;
  count: number;
  /** The path of the publisher. */
  publisher: string;
  publication: string;
  events: number;
}

/** Resident memory that a further listener takes, and the medians of the events. */
export interface ListenerLoadResult {
  kibPerListener: number;
  /** Microseconds of CPU for one event to one listener. */
  cpuMicros: number;
  /** Milliseconds from the publication until the last listener has the event. */
  lastMs: number;
}

/** Listeners that connect at a time, and those that have connected before memory is measured. */
const CONNECTING = 50;
const BEFORE = 500;
/** Time for what follows a joining or an event, such as the collection of garbage, in milliseconds. */
const SETTLE_MS = 1000;
/** Events before the first one that counts. */
const WARM_UP = 5;

const options = JSON.parse(process.argv[2] ?? "{}") as ListenerLoadOptions;

let received = 0;
let onAll = () => {};

/** Connects, and waits for the head of the stream. An event of this size comes in one read. */
function listen(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let hasStarted = false;
  const socket: Bun.SocketHandler = {
    open: (it) =>
      void it.write(
        `GET ${options.listeners} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`,
      ),
    data(_, chunk) {
      if (hasStarted) {
        if (!chunk.includes("data: ")) return;
        received += 1;
        if (received === options.count) onAll();
      } else if (chunk.includes("events follow")) {
        hasStarted = true;
        resolve();
      } else if (!chunk.includes("HTTP/1.1 200")) reject(new Error(chunk.toString("latin1")));
    },
    connectError: (_, error) => reject(error),
    close: () => reject(new Error("Cannot listen: the front has closed a connection")),
  };
  Bun.connect({ hostname: "127.0.0.1", port: options.port, socket }).catch(reject);
  return promise;
}

async function listenAll(count: number): Promise<void> {
  for (let begun = 0; begun < count; begun += CONNECTING) {
    const group = Math.min(CONNECTING, count - begun);
    await Promise.all(Array.from({ length: group }, listen));
  }
  await Bun.sleep(SETTLE_MS);
}

/** Publishes one event, and waits until all have it: its CPU for each, and the milliseconds until the last. */
async function publish(): Promise<[cpuMicros: number, milliseconds: number]> {
  const all = Promise.withResolvers<void>();
  onAll = all.resolve;
  received = 0;
  const before = threadTimes(options.pids);
  const startedAt = performance.now();
  const answer = await fetch(`http://127.0.0.1:${options.port}${options.publisher}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: options.publication,
  });
  if (!answer.ok) throw new Error(`Cannot publish: ${answer.status} ${await answer.text()}`);
  await all.promise;
  const milliseconds = performance.now() - startedAt;
  await Bun.sleep(SETTLE_MS);
  const { all: cpu } = cpuBetween(before, threadTimes(options.pids));
  return [cpu / options.count, milliseconds];
}

await listenAll(BEFORE);
const memory = memoryKiB(options.pids);
await listenAll(options.count - BEFORE);
const kibPerListener = (memoryKiB(options.pids) - memory) / (options.count - BEFORE);
const published: [number, number][] = [];
for (let event = 0; event < WARM_UP + options.events; event++) published.push(await publish());
const counted = published.slice(WARM_UP);
const medianOf = (values: number[]) => quantile(values, 0.5);
const result: ListenerLoadResult = {
  kibPerListener,
  cpuMicros: medianOf(counted.map(([cpu]) => cpu)),
  lastMs: medianOf(counted.map(([, milliseconds]) => milliseconds)),
};
console.log(JSON.stringify(result));
process.exit(0);
