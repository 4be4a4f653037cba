/**
 * The load generator of slices: calls or joins through several fronts that run side by side, one line of JSON on
 * stdout.
 *
 *     bun bench/slice-load.ts '{"fronts":[{"url":"ws://127.0.0.1:8080/ws","serializer":"json","pids":[123]}],
 *       "operation":"calls","payload":"32 B","rate":1500,"clients":6,"inflight":4,"cycles":20,"sliceMs":250,
 *       "warmUpMs":1500}'
 *
 * Only one front is loaded at a time: each cycle visits all of them in random order for one slice each. So
 * whatever changes the speed of the machine for longer than a cycle changes it for all fronts.
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
import { type CpuTime, cpuBetween, threadTimes } from "./process-usage.ts";
import { inRandomOrder, quantile } from "./slice-statistics.ts";

/** A running front. */
export interface SlicedFront {
  url: string;
  serializer: SerializerName;
  /** The processes whose CPU time is read. */
  pids: number[];
}

/** The load. */
export interface SliceOptions {
  fronts: SlicedFront[];
  operation: "calls" | "joins" | "events";
  payload: PayloadName;
  /** Calls per second; 0: as many as possible. */
  rate: number;
  clients: number;
  /** Calls that each client waits for at the same time, where there is no rate, or publications under way. */
  inflight: number;
  cycles: number;
  sliceMs: number;
  /** How long each front is saturated before the first cycle. */
  warmUpMs: number;
}

/** The slices of one front: medians, unless said otherwise; CPU times are microseconds for one call. */
export interface SliceResult {
  perSecond: number;
  /** The share of all calls that were answered with ERROR. */
  refusedShare: number;
  cpuMicros: number;
  /** The first quartile, which other load on the machine disturbs less. */
  cpuQuartileMicros: number;
  /** Means of the threads of the JIT compiler and of the garbage collector. */
  compilerMicros: number;
  collectorMicros: number;
  p50Ms: number;
  p99Ms: number;
}

/** Time from the first call of a slice until its measurement begins. */
const SETTLE_MS = 40;

const options = JSON.parse(process.argv[2] ?? "{}") as SliceOptions;

/** What one slice of one front has measured. */
interface Slice extends CpuTime {
  operations: number;
  refused: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

/** What is done through one front, slice after slice. */
abstract class FrontLoad {
  readonly slices: Slice[] = [];
  protected readonly samples = new Samples();
  /** Calls that were answered with ERROR. */
  protected refused = 0;

  protected readonly front: SlicedFront;

  constructor(front: SlicedFront) {
    this.front = front;
  }

  /** Prepares the first slice. */
  abstract connect(): Promise<void>;
  /** Begins with operations at this rate a second; 0: as many as possible. */
  protected abstract begin(rate: number): void;
  /** Begins with no further operation, and waits for the last one. */
  protected abstract end(): Promise<void>;

  /** Makes one slice, and measures it from its first moments on. */
  async run(milliseconds: number, rate: number): Promise<Slice> {
    this.begin(rate);
    await Bun.sleep(SETTLE_MS);
    this.samples.take();
    this.refused = 0;
    const before = threadTimes(this.front.pids);
    const startedAt = performance.now();
    await Bun.sleep(milliseconds);
    const cpu = cpuBetween(before, threadTimes(this.front.pids));
    const seconds = (performance.now() - startedAt) / 1000;
    const slice = { ...cpu, seconds, refused: this.refused, ...this.samples.take() };
    await this.end();
    return slice;
  }
}

/** Calls of sessions that stay. */
class Calls extends FrontLoad {
  readonly #template = callTemplate(this.front.serializer, options.payload);
  readonly #sockets: WebSocket[] = [];
  readonly #sentAt = new Map<number, number>();
  #lastId = 0;
  #isSaturated = false;
  #timer: Timer | undefined;
  #onIdle: (() => void) | undefined;

  async connect(): Promise<void> {
    const { url, serializer } = this.front;
    for (let index = 0; index < options.clients; index++) {
      const socket = await join(url, serializer, (result) => this.#onResult(result, socket));
      this.#sockets.push(socket);
    }
  }

  protected begin(rate: number): void {
    const socketOf = (index: number) => this.#sockets[index % this.#sockets.length] as WebSocket;
    this.#isSaturated = rate === 0;
    if (rate > 0) {
      this.#timer = pace(rate, (index, due) => this.#call(socketOf(index), due));
      return;
    }
    const count = this.#sockets.length * options.inflight;
    for (let index = 0; index < count; index++) this.#call(socketOf(index), performance.now());
  }

  protected end(): Promise<void> {
    clearInterval(this.#timer);
    this.#isSaturated = false;
    if (this.#sentAt.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    return promise;
  }

  #call(socket: WebSocket, at: number): void {
    this.#lastId = this.#lastId >= 0x7ffffff0 ? 1 : this.#lastId + 1;
    this.#sentAt.set(this.#lastId, at);
    socket.send(this.#template.of(this.#lastId));
  }

  #onResult(result: Frame, socket: WebSocket): void {
    const refusedId = refusedCall(result);
    const id = refusedId ?? this.#template.idOf(result);
    const at = this.#sentAt.get(id);
    if (at === undefined) throw new Error(`Cannot find the call of ${String(result).slice(0, 80)}`);
    this.#sentAt.delete(id);
    const now = performance.now();
    if (refusedId === undefined) this.samples.add(now - at);
    else this.refused += 1;
    if (this.#isSaturated) this.#call(socket, now);
    else if (this.#sentAt.size === 0) this.#onIdle?.();
  }
}

/** Publications of one session to all others: each event counts, and so many publications are under way. */
class Events extends FrontLoad {
  readonly #publication = encode(
    [16, 1, {}, "bench.topic", [payloads[options.payload]]],
    this.front.serializer,
  );
  #publisher: WebSocket | undefined;
  #publishedAt = 0;
  #received = 0;
  #underWay = 0;
  #isSaturated = false;
  #onIdle: (() => void) | undefined;

  async connect(): Promise<void> {
    const { url, serializer } = this.front;
    this.#publisher = await join(url, serializer, () => {});
    for (let index = 0; index < options.clients; index++) {
      const subscribed = Promise.withResolvers<void>();
      let isSubscribed = false;
      const socket = await join(url, serializer, () => {
        if (isSubscribed) this.#onEvent();
        isSubscribed = true;
        subscribed.resolve();
      });
      socket.send(encode([32, 1, {}, "bench.topic"], serializer));
      await subscribed.promise;
    }
  }

  protected begin(): void {
    this.#isSaturated = true;
    for (let count = 0; count < options.inflight; count++) this.#publish();
  }

  protected end(): Promise<void> {
    this.#isSaturated = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    return promise;
  }

  #publish(): void {
    this.#underWay += 1;
    this.#publishedAt = performance.now();
    this.#publisher?.send(this.#publication);
  }

  #onEvent(): void {
    this.samples.add(performance.now() - this.#publishedAt);
    this.#received += 1;
    if (this.#received % options.clients > 0) return;
    this.#underWay -= 1;
    if (this.#isSaturated) this.#publish();
    else if (this.#underWay === 0) this.#onIdle?.();
  }
}

/** Joins, each left and closed at once, one after the other by each client. */
class Joins extends FrontLoad {
  #isOver = false;
  #clients: Promise<void>[] = [];

  async connect(): Promise<void> {}

  protected begin(): void {
    this.#isOver = false;
    this.#clients = Array.from({ length: options.clients }, () => this.#joinAgain());
  }

  protected async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #joinAgain(): Promise<void> {
    while (!this.#isOver) {
      const startedAt = performance.now();
      await joinAndLeave(this.front.url, this.front.serializer);
      this.samples.add(performance.now() - startedAt);
    }
  }
}

function resultOf(slices: readonly Slice[]): SliceResult {
  const of = (value: (slice: Slice) => number) => slices.map(value);
  const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const cpu = of(({ all, operations }) => all / operations);
  const sum = (values: number[]) => values.reduce((all, one) => all + one, 0);
  const refused = sum(of((slice) => slice.refused));
  return {
    refusedShare: refused / Math.max(1, refused + sum(of(({ operations }) => operations))),
    perSecond: quantile(
      of(({ operations, seconds }) => operations / seconds),
      0.5,
    ),
    cpuMicros: quantile(cpu, 0.5),
    cpuQuartileMicros: quantile(cpu, 0.25),
    compilerMicros: mean(of(({ compiler, operations }) => compiler / operations)),
    collectorMicros: mean(of(({ collector, operations }) => collector / operations)),
    p50Ms: quantile(
      of(({ p50Ms }) => p50Ms),
      0.5,
    ),
    p99Ms: quantile(
      of(({ p99Ms }) => p99Ms),
      0.5,
    ),
  };
}

const Load = { calls: Calls, joins: Joins, events: Events }[options.operation];
const loads = options.fronts.map((front) => new Load(front));
for (const load of loads) await load.connect();
if (options.warmUpMs > 0) {
  for (const load of [...loads, ...loads]) await load.run(options.warmUpMs / 2, 0);
}
for (let cycle = 0; cycle < options.cycles; cycle++) {
  for (const load of inRandomOrder(loads)) {
    load.slices.push(await load.run(options.sliceMs, options.rate));
  }
}
console.log(JSON.stringify(loads.map(({ slices }) => resultOf(slices))));
process.exit(0);
