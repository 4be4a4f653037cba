/**
 * The load generator: WAMP clients over WebSocket, one measurement, one line of JSON on stdout.
 *
 *     bun bench/load.ts '{"mode":"calls","url":"ws://127.0.0.1:8080/ws","serializer":"json",
 *       "payload":"32 B","clients":8,"inflight":4,"rate":0,"seconds":3,"pids":[123]}'
 *
 * | mode    | what it does                                        | an "operation" is |
 * |---------|-----------------------------------------------------|-------------------|
 * | calls   | `inflight` calls on each client, or `rate` a second | CALL and RESULT   |
 * | joins   | connect, HELLO, WELCOME, GOODBYE, close, again      | a join and leave  |
 * | idle    | `clients` sessions that do nothing, after `before`  | a session         |
 * | fan-out | one publisher through `direct`, `clients` subscribe | an EVENT          |
 * | stalled | as fan-out, and one subscriber never reads          | an EVENT          |
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";
import {
  callTemplate,
  encode,
  type Frame,
  join,
  joinAndLeave,
  pace,
  refusedCall,
  Samples,
} from "./clients.ts";
import { type PayloadName, payloads } from "./payloads.ts";
import { cpuBetween, memoryKiB, threadTimes } from "./process-usage.ts";

/** The load, and the processes whose CPU time and memory are read. */
export interface LoadOptions {
  mode: "calls" | "joins" | "idle" | "fan-out" | "stalled";
  url: string;
  /** URL of the stub router itself, for the publisher. */
  direct: string;
  serializer: SerializerName;
  payload: PayloadName;
  clients: number;
  /** Sessions that are there before the memory is read for the first time; only for `idle`. */
  before: number;
  inflight: number;
  /** Operations per second of all clients together; 0: as many as possible. */
  rate: number;
  seconds: number;
  pids: number[];
}

/** The measurement. */
export interface LoadResult {
  operations: number;
  /** Calls that were answered with ERROR, which are no operations; only for `calls` in JSON. */
  refused: number;
  perSecond: number;
  /** CPU of the measured processes for one operation, in microseconds. */
  cpuMicros: number;
  p50Ms: number;
  p99Ms: number;
  /** Resident memory of the measured processes before the load, and at the end. */
  rssBeforeKiB: number;
  rssKiB: number;
}

const WARM_UP_MS = 2000;
const SETTLE_MS = 1500;

const options = JSON.parse(process.argv[2] ?? "{}") as LoadOptions;
const { serializer, url } = options;

const samples = new Samples();
let refused = 0;

/** Measures a load that is already running. */
async function measure(rssBeforeKiB = memoryKiB(options.pids)): Promise<LoadResult> {
  await Bun.sleep(WARM_UP_MS);
  samples.take();
  refused = 0;
  const before = threadTimes(options.pids);
  const startedAt = performance.now();
  await Bun.sleep(options.seconds * 1000);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = cpuBetween(before, threadTimes(options.pids)).all;
  const taken = samples.take();
  return {
    ...taken,
    refused,
    perSecond: taken.operations / seconds,
    cpuMicros: cpuMicros / taken.operations,
    rssBeforeKiB,
    rssKiB: memoryKiB(options.pids),
  };
}

async function calls(): Promise<LoadResult> {
  const template = callTemplate(serializer, options.payload);
  const sentAt = new Map<number, number>();
  let nextId = 1;
  const call = (socket: WebSocket, at: number) => {
    nextId = nextId >= 0x7ffffff0 ? 1 : nextId + 1;
    sentAt.set(nextId, at);
    socket.send(template.of(nextId));
  };
  const onResult = (result: Frame, socket: WebSocket | null) => {
    const refusedId = refusedCall(result);
    const id = refusedId ?? template.idOf(result);
    const at = sentAt.get(id);
    if (at === undefined) throw new Error(`Cannot find the call of ${String(result).slice(0, 80)}`);
    sentAt.delete(id);
    const now = performance.now();
    if (refusedId !== undefined) refused += 1;
    else samples.add(now - at);
    if (socket !== null) call(socket, now);
  };
  let isClosedLoop = true;
  const sockets: WebSocket[] = [];
  for (let index = 0; index < options.clients; index++) {
    sockets.push(
      await join(url, serializer, (result) =>
        onResult(result, isClosedLoop ? (sockets[index] as WebSocket) : null),
      ),
    );
  }
  for (const socket of sockets) {
    for (let count = 0; count < options.inflight; count++) call(socket, performance.now());
  }
  if (options.rate > 0) {
    // A few hundred calls per second would not get the code compiled before it is measured.
    await Bun.sleep(WARM_UP_MS);
    isClosedLoop = false;
    pace(options.rate, (index, due) => call(sockets[index % sockets.length] as WebSocket, due));
  }
  return measure();
}

async function joins(): Promise<LoadResult> {
  const loop = async () => {
    for (;;) {
      const startedAt = performance.now();
      await joinAndLeave(url, serializer);
      samples.add(performance.now() - startedAt);
    }
  };
  for (let index = 0; index < options.clients; index++) void loop();
  return measure();
}

/** Opens so many sessions, a few at a time. */
async function open(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 16) {
    const few = Array.from({ length: Math.min(16, left) }, () => join(url, serializer, () => {}));
    await Promise.all(few);
  }
}

async function idle(): Promise<LoadResult> {
  if (options.before > 0) {
    await open(options.before);
    await Bun.sleep(SETTLE_MS);
  }
  const rssBeforeKiB = memoryKiB(options.pids);
  const before = threadTimes(options.pids);
  const startedAt = performance.now();
  await open(options.clients);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = cpuBetween(before, threadTimes(options.pids)).all / options.clients;
  await Bun.sleep(SETTLE_MS);
  return {
    operations: options.clients,
    refused: 0,
    perSecond: options.clients / seconds,
    cpuMicros,
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    rssBeforeKiB,
    rssKiB: memoryKiB(options.pids),
  };
}

async function fanOut(): Promise<LoadResult> {
  const rssBeforeKiB = memoryKiB(options.pids);
  let received = 0;
  let publishedAt = 0;
  let publish = () => {};
  const onEvent = () => {
    samples.add(performance.now() - publishedAt);
    received += 1;
    if (received % options.clients === 0) publish();
  };
  const subscribe = encode([32, 1, {}, "bench.topic"], serializer);
  let subscribed = 0;
  const ready = Promise.withResolvers<void>();
  for (let count = 0; count < options.clients; count++) {
    let isSubscribed = false;
    const socket = await join(url, serializer, () => {
      if (isSubscribed) onEvent();
      else {
        isSubscribed = true;
        subscribed += 1;
        if (subscribed === options.clients) ready.resolve();
      }
    });
    socket.send(subscribe);
  }
  await ready.promise;
  if (options.mode === "stalled") {
    const silent = await join(url, serializer, () => silent.pause());
    silent.send(subscribe);
  }
  const publisher = await join(options.direct, serializer, () => {});
  const publication = encode([16, 1, {}, "bench.topic", [payloads[options.payload]]], serializer);
  publish = () => {
    publishedAt = performance.now();
    publisher.send(publication);
  };
  publish();
  return measure(rssBeforeKiB);
}

const modes = { calls, joins, idle, "fan-out": fanOut, stalled: fanOut };
console.log(JSON.stringify(await modes[options.mode]()));
process.exit(0);
