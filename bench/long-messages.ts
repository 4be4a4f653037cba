/**
 * `bun bench/long-messages.ts`: calls of 16 MB through each front, before the stub router. Prints how much the memory
 * of the front grows at its peak during one of them, and how long small calls of another session take, alone and
 * beside them: most of that time is the router's and this program's, which handle whole messages.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { callTemplate, encode, type Frame, join } from "./clients.ts";
import { type Front, fronts, startStubRouter } from "./fronts.ts";
import { memoryKiB } from "./process-usage.ts";

const LONG_OCTETS = 16_000_000;
const WARM_UP_CALLS = 20;
const LONG_CALLS = 10;
const SMALL_CALLS = 300;

/** One session, which waits for each result. */
class Caller {
  readonly #front: Front;
  #onResult: (result: Frame) => void = () => {};
  #socket: WebSocket | undefined;
  #id = 0;

  constructor(front: Front) {
    this.#front = front;
  }

  async open(url: string): Promise<void> {
    this.#socket = await join(url, this.#front.serializer, (frame) => this.#onResult(frame));
  }

  /** Gives the milliseconds until the result has come. */
  call(frameOf: (id: number) => Frame): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#id += 1;
    const frame = frameOf(this.#id);
    const startedAt = performance.now();
    this.#onResult = () => resolve(performance.now() - startedAt);
    this.#socket?.send(frame);
    return promise;
  }

  /** A call with a text of so many octets. */
  callOf(octets: number): Promise<number> {
    const { serializer } = this.#front;
    const text = "x".repeat(octets);
    return this.call((id) => encode([48, id, {}, "bench.echo", [text]], serializer));
  }
}

/** The most KiB that processes had at a time since `clear_refs` was written. */
function peakKiB(pids: readonly number[]): number {
  return pids
    .map((pid) => /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
    .reduce((sum, kib) => sum + Number(kib), 0);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

async function smallCalls(caller: Caller, front: Front): Promise<string> {
  const template = callTemplate(front.serializer, "32 B");
  const times: number[] = [];
  for (let count = 0; count < SMALL_CALLS; count++) times.push(await caller.call(template.of));
  return `${quantile(times, 0.5).toFixed(1)} / ${quantile(times, 0.99).toFixed(1)}`;
}

async function growth(caller: Caller, pids: readonly number[]): Promise<string> {
  const grown: number[] = [];
  for (let count = 0; count < LONG_CALLS; count++) {
    const before = memoryKiB(pids);
    for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, "5");
    await caller.callOf(LONG_OCTETS);
    grown.push(peakKiB(pids) - before);
  }
  return `${quantile(grown, 0.5).toFixed(0)} / ${Math.max(...grown).toFixed(0)}`;
}

async function row(front: Front): Promise<string> {
  const router = await startStubRouter();
  const { url, pids, stop } = await front.start(router);
  try {
    const [long, small] = [new Caller(front), new Caller(front)];
    await long.open(url);
    await small.open(url);
    for (let count = 0; count < WARM_UP_CALLS; count++) await long.callOf(1_000_000);
    const alone = await smallCalls(small, front);
    const grown = await growth(long, pids);
    let isOver = false;
    const floods = (async () => {
      while (!isOver) await long.callOf(LONG_OCTETS);
    })();
    const beside = await smallCalls(small, front);
    isOver = true;
    await floods;
    return `| ${front.name} | ${grown} | ${alone} | ${beside} |`;
  } finally {
    await stop();
    await router.stop();
  }
}

console.log(
  "| front | growth KiB: median / most | small calls alone: p50 / p99 ms | beside 16 MB |",
);
console.log("|---|---:|---:|---:|");
const measured = [
  ...[fronts.json, fronts.cbor, fronts.jsonWebSocket, fronts.cborWebSocket, fronts.jsonToCbor],
  ...[fronts.nginx, fronts.haproxy],
];
for (const front of measured) {
  if (front.isInstalled) console.log(await row(front));
}
process.exit(0);
