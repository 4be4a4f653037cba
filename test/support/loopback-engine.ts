/** The engine of a cluster within one process: a hub, to which each worker of a test has an engine of its own. */

import { Failure } from "#base/failure.ts";
import {
  type ClusterEngine,
  type EngineObserver,
  type PutOptions,
  RevisionMismatch,
  SHORT_MESSAGE_OCTETS,
  type TableChange,
} from "#router/cluster/cluster-engine.ts";
import { ErrorUri } from "#wamp/error-uri.ts";

interface Subscription {
  readonly engine: LoopbackEngine;
  readonly pattern: readonly string[];
  readonly receive: (octets: Uint8Array) => void;
}

interface Watch {
  readonly engine: LoopbackEngine;
  readonly first: string;
  readonly observer: (change: TableChange) => void;
}

interface Value {
  readonly value: Uint8Array;
  readonly revision: number;
  /** Set for a value that ends by itself. */
  readonly owner: LoopbackEngine | undefined;
}

/** What all engines share; everything is delivered later, in one order. */
export class LoopbackHub {
  readonly subscriptions = new Set<Subscription>();
  readonly watches = new Set<Watch>();
  readonly values = new Map<string, Value>();
  readonly published: string[] = [];
  #revision = 0;
  readonly #queue: (() => void)[] = [];

  engine(): LoopbackEngine {
    return new LoopbackEngine(this);
  }

  /** Does something after everything that was asked for before. */
  later(action: () => void): void {
    if (this.#queue.push(action) > 1) return;
    setImmediate(() => {
      for (const one of this.#queue.splice(0)) one();
    });
  }

  publish(from: LoopbackEngine, subject: string, octets: Uint8Array): void {
    this.published.push(subject);
    const parts = subject.split(".");
    this.later(() => {
      for (const { engine, pattern, receive } of [...this.subscriptions]) {
        if (engine === from || !engine.isConnected || !isMatch(pattern, parts)) continue;
        receive(new Uint8Array(octets));
      }
    });
  }

  set(key: string, value: Uint8Array | undefined, owner?: LoopbackEngine): number {
    this.#revision += 1;
    const revision = this.#revision;
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, { value, revision, owner });
    this.later(() => {
      for (const { engine, first, observer } of [...this.watches]) {
        if (!engine.isConnected || !key.startsWith(`${first}.`)) continue;
        observer({ key, value, revision, isCurrent: false });
      }
    });
    return revision;
  }

  /** The time of what an engine keeps for a time is over: nothing has come of it. */
  expire(owner: LoopbackEngine): void {
    for (const [key, value] of this.values) if (value.owner === owner) this.set(key, undefined);
  }
}

/** The engine of one worker. */
export class LoopbackEngine implements ClusterEngine {
  isConnected = true;
  /** Whether as much waits for the hub as may. */
  isFull = false;
  /** What is taken all the same is no longer than this. */
  reservedOctets = SHORT_MESSAGE_OCTETS;
  readonly name = "the hub";
  readonly #hub: LoopbackHub;
  readonly #observers = new Set<EngineObserver>();

  constructor(hub: LoopbackHub) {
    this.#hub = hub;
  }

  /** The hub cannot be reached any more. */
  cut(): void {
    this.isConnected = false;
    for (const watch of this.#hub.watches)
      if (watch.engine === this) this.#hub.watches.delete(watch);
    for (const observer of this.#observers) observer.apart();
  }

  /** It can again. */
  mend(): void {
    this.isConnected = true;
    for (const observer of this.#observers) observer.connected();
  }

  publish(subject: string, octets: Uint8Array): void {
    this.#need();
    if (this.isFull && octets.length > this.reservedOctets) throw away();
    this.#hub.publish(this, subject, octets);
  }

  subscribe(subject: string, receive: (octets: Uint8Array) => void): () => void {
    const subscription = { engine: this, pattern: subject.split("."), receive };
    this.#hub.subscriptions.add(subscription);
    return () => this.#hub.subscriptions.delete(subscription);
  }

  async flush(): Promise<void> {
    this.#need();
    await this.#passed();
  }

  async put(key: string, value: Uint8Array, { revision, seconds }: PutOptions = {}) {
    this.#need();
    this.#expect(key, revision);
    const put = this.#hub.set(key, value, seconds === undefined ? undefined : this);
    await this.#passed();
    return put;
  }

  async remove(key: string, revision?: number): Promise<void> {
    this.#need();
    this.#expect(key, revision);
    this.#hub.set(key, undefined);
    await this.#passed();
  }

  async watch(first: string, observer: (change: TableChange) => void): Promise<() => void> {
    this.#need();
    const watch = { engine: this, first, observer };
    this.#hub.later(() => {
      const held = [...this.#hub.values].filter(([key]) => key.startsWith(`${first}.`));
      for (const [index, [key, { value, revision }]] of held.entries()) {
        observer({ key, value, revision, isCurrent: index === held.length - 1 });
      }
      this.#hub.watches.add(watch);
    });
    await this.#passed();
    return () => this.#hub.watches.delete(watch);
  }

  observe(observer: EngineObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  async close(): Promise<void> {
    this.cut();
  }

  #passed(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#hub.later(() => (this.isConnected ? resolve() : reject(away())));
    return promise;
  }

  #expect(key: string, revision: number | undefined): void {
    if (revision === undefined) return;
    if ((this.#hub.values.get(key)?.revision ?? 0) !== revision) throw new RevisionMismatch();
  }

  #need(): void {
    if (!this.isConnected) throw away();
  }
}

/** What everything fails with while the hub is away. */
export function away(): Failure {
  const uri = ErrorUri.unavailable;
  return new Failure("Cannot reach the others: the hub is away", { source: "router", uri });
}

function isMatch(pattern: readonly string[], parts: readonly string[]): boolean {
  for (const [index, wanted] of pattern.entries()) {
    if (wanted === ">") return parts.length > index;
    if (index >= parts.length || (wanted !== "*" && wanted !== parts[index])) return false;
  }
  return pattern.length === parts.length;
}
