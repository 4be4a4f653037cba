/**
 * ClusterTable: what a member of a realm keeps in the table of the engine, and its copy of what all members keep.
 *
 *     m.<member>            its presence, which ends by itself unless it is put again
 *     <kind>.<member>.<…>   what a member keeps; it counts as long as its member is present
 *     r<version>.<…>        a registration, which several members change by its revision
 *
 * A member is one realm of one process. What it keeps is put again when the engine has been away, or its own presence had
 * ended. Of a member that is gone, the one with the first name removes what is left.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { isRecord } from "#base/record.ts";
import type { Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { ClusterEngine, TableChange } from "./cluster-engine.ts";

/** Of the messages between members, and of what they keep; those with another one are another cluster. */
export const CLUSTER_VERSION = 1;

/** What the table of a realm needs besides the engine. */
export interface TableOptions {
  /** A part of a key. */
  readonly realm: string;
  /** A name of the worker, for others. */
  readonly label: string;
  readonly presenceTimeoutMs: number;
  readonly log: Logger;
}

/** A value that a member keeps, or a registration. */
export interface Entry {
  readonly value: unknown;
  readonly revision: number;
}

/** Told of what a kind of keys holds; `rest` is what comes behind the member, or behind the kind of a registration. */
export type EntryHandler = (member: string, rest: string, entry: Entry | undefined) => void;

/** Told of the other members, and of the state of the copy. */
export interface TableObserver {
  /** Another member is there. */
  joined?(member: string): void;
  /** Another member is gone, and nothing that it kept counts any more. */
  gone?(member: string): void;
  /** The copy has all that the table has; also after the engine was away, or others took this member for gone. */
  current?(): void;
  /** The engine cannot be reached. */
  apart?(): void;
}

/** Between two attempts to open the table. */
const RETRY_MS = 500;

const PRESENCE = "m";

/** The kind of the keys that belong to no member. */
export const RECORDS = `r${CLUSTER_VERSION}`;

/** The kind of what a survivor takes when its member is gone, which then removes it. */
export const TESTAMENTS = "t";

/** One member's view of the table. */
export class ClusterTable {
  readonly member = randomMember();
  readonly #engine: ClusterEngine;
  readonly #options: TableOptions;
  readonly #seconds: number;
  /** All that the table has, by what comes behind the realm. */
  readonly #copy = new Map<string, Entry>();
  /** Those of the others that are present. */
  readonly #members = new Map<string, { label: string; since: number }>();
  /** Those that are present with another version. */
  readonly #strangers = new Set<string>();
  /** When this member began, in milliseconds of the epoch. */
  readonly #since = Date.now();
  readonly #handlers = new Map<string, EntryHandler>();
  readonly #observers: TableObserver[] = [];
  /** What this member keeps. */
  readonly #own = new Map<string, Uint8Array>();
  /** Keys that could not be put or removed. */
  readonly #unwritten = new Set<string>();
  readonly #stopObserving: () => void;
  #stopWatching: (() => void) | undefined;
  #timer: Timer | undefined;
  #graceTimer: Timer | undefined;
  /** Until then members may have been unable to stay present, by `performance.now`. */
  #graceUntil = 0;
  /** Undefined: the copy is current. Those that were seen since the engine came back. */
  #seen: Set<string> | undefined = new Set();
  #isCurrent = false;
  #isClosed = false;
  /** Counts how often the engine came or went: what began before is of no use. */
  #generation = 0;
  #revision = 0;
  #waiting: { revision: number; resolve: () => void; reject: (thrown: unknown) => void }[] = [];
  #passing: Promise<void> | undefined;
  #nextPass: Promise<void> | undefined;

  constructor(engine: ClusterEngine, options: TableOptions) {
    this.#engine = engine;
    this.#options = options;
    // It is over a second before the time, so that it is over in time.
    this.#seconds = Math.max(1, Math.floor(options.presenceTimeoutMs / 1_000) - 1);
    this.#stopObserving = engine.observe({
      connected: () => void this.#begin(),
      apart: () => this.#apart(),
    });
    if (engine.isConnected) void this.#begin();
  }

  /** Whether the copy has all that the table has. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** The other members that are present. */
  get members(): Iterable<string> {
    return this.#members.keys();
  }

  /** Whether a member is present; this one always is. */
  isPresent(member: string): boolean {
    return member === this.member || this.#members.has(member);
  }

  /** Whether the presence of a member stands in the table; without it, others may take the member for gone already. */
  hasPresence(member: string): boolean {
    return this.#copy.has(`${PRESENCE}.${member}`);
  }

  /**
   * Whether a member is known to be gone: soon after the start, or after the engine was away, it may come back.
   */
  isGone(member: string): boolean {
    const isThere = this.isPresent(member) || this.hasPresence(member);
    return !isThere && performance.now() >= this.#graceUntil;
  }

  /** Whether no other present member has a name before this one's. */
  get isFirst(): boolean {
    return [...this.#members.keys()].every((member) => member > this.member);
  }

  /** Whether no other present member, except one, began before this one. */
  isOldest(except: string): boolean {
    return [...this.#members].every(([member, { since }]) => {
      if (member === except || since > this.#since) return true;
      return since === this.#since && member > this.member;
    });
  }

  /** Resolves when every member that is not present is gone. */
  async settled(): Promise<void> {
    const rest = this.#graceUntil - performance.now();
    if (rest > 0) await Bun.sleep(rest + 10);
  }

  /** What a member calls itself. */
  labelOf(member: string): string {
    return this.#members.get(member)?.label ?? member;
  }

  /** Tells of a kind from now on, before the table is current. */
  on(kind: string, handler: EntryHandler): void {
    this.#handlers.set(kind, handler);
  }

  observe(observer: TableObserver): void {
    this.#observers.push(observer);
  }

  /** Keeps a value under this member, until it is dropped. */
  keep(kind: string, rest: string, value: unknown): void {
    const key = `${kind}.${this.member}.${rest}`;
    this.#own.set(key, encode(value));
    if (this.#isCurrent) this.#write(key);
  }

  drop(kind: string, rest: string): void {
    const key = `${kind}.${this.member}.${rest}`;
    if (this.#own.delete(key) && this.#isCurrent) this.#write(key);
  }

  /** The registration with this key, as far as it is known. */
  record(rest: string): Entry | undefined {
    return this.#copy.get(`${RECORDS}.${rest}`);
  }

  /** The keys of all registrations. */
  *records(): Generator<string> {
    const first = `${RECORDS}.`;
    for (const key of this.#copy.keys()) if (key.startsWith(first)) yield key.slice(first.length);
  }

  /**
   * Replaces a registration, whose revision is known (0: there is none); undefined removes it.
   *
   * @throws RevisionMismatch, or Failure (`wamp.error.unavailable`).
   */
  async replaceRecord(rest: string, value: unknown, revision: number): Promise<void> {
    const name = `${RECORDS}.${rest}`;
    const key = this.#keyOf(name);
    if (value === undefined) {
      await this.#engine.remove(key, revision);
      if (this.#copy.get(name)?.revision === revision) this.#remove(name);
      return;
    }
    const next = await this.#engine.put(key, encode(value), { revision });
    // The watch tells it a moment later.
    this.#set(name, { value, revision: next });
  }

  /**
   * Removes what a member kept that is gone, and returns it; undefined: it is not known any more.
   *
   * @throws RevisionMismatch when somebody else has removed it, or Failure (`wamp.error.unavailable`).
   */
  async take(kind: string, member: string, rest: string): Promise<Entry | undefined> {
    const key = `${kind}.${member}.${rest}`;
    const entry = this.#copy.get(key);
    if (entry === undefined) return undefined;
    await this.#engine.remove(this.#keyOf(key), entry.revision);
    return entry;
  }

  /**
   * Resolves when the copy has all that the table has now.
   *
   * @throws Failure (`wamp.error.unavailable`).
   */
  caughtUp(): Promise<void> {
    if (this.#passing === undefined) return this.#pass();
    // That which is on its way may have passed what the caller means.
    this.#nextPass ??= this.#passing
      .catch(() => {})
      .then(() => {
        this.#nextPass = undefined;
        return this.#pass();
      });
    return this.#nextPass;
  }

  /** Leaves the others: all that this member keeps is removed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopObserving();
    clearInterval(this.#timer);
    clearTimeout(this.#graceTimer);
    const keys = [...this.#own.keys(), `${PRESENCE}.${this.member}`];
    if (this.#isCurrent) {
      const removals = keys.map((key) => this.#engine.remove(this.#keyOf(key)).catch(() => {}));
      await Promise.all(removals);
    }
    this.#stopWatching?.();
    this.#isCurrent = false;
    this.#refuseWaiting();
  }

  /** The engine can be reached: the copy is compared with the whole table. */
  async #begin(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const isOld = () => this.#isClosed || generation !== this.#generation;
    this.#graceUntil = performance.now() + this.#options.presenceTimeoutMs;
    this.#seen = new Set();
    // A server that was killed may have lost its last changes, and gives their revisions again.
    this.#revision = 0;
    for (const [name, { value }] of this.#copy) this.#copy.set(name, { value, revision: 0 });
    clearTimeout(this.#graceTimer);
    try {
      await this.#putPresence();
      if (isOld()) return;
      const stop = await this.#engine.watch(this.#options.realm, (change) => {
        if (!isOld()) this.#onChange(change);
      });
      if (isOld()) stop();
      else this.#stopWatching = stop;
    } catch (thrown) {
      this.#warn("cluster table not opened", thrown);
      if (isOld()) return;
      await Bun.sleep(RETRY_MS);
      if (!isOld()) await this.#begin();
    }
  }

  #onChange({ key, value, revision, isCurrent }: TableChange): void {
    if (this.#isClosed) return;
    const name = key.slice(this.#options.realm.length + 1);
    this.#seen?.add(name);
    this.#revision = Math.max(this.#revision, revision);
    const known = this.#copy.get(name)?.revision ?? 0;
    if (value === undefined && known < revision) this.#remove(name);
    else if (value !== undefined) this.#set(name, { value: decode(value), revision });
    if (isCurrent && this.#seen !== undefined) this.#becomeCurrent(this.#seen);
    for (const waiting of this.#waiting.filter((one) => one.revision <= this.#revision)) {
      waiting.resolve();
    }
    this.#waiting = this.#waiting.filter((one) => one.revision > this.#revision);
  }

  #becomeCurrent(seen: ReadonlySet<string>): void {
    this.#seen = undefined;
    this.#isCurrent = true;
    for (const name of [...this.#copy.keys()]) if (!seen.has(name)) this.#remove(name);
    this.#writeOwn();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#refresh(), (this.#seconds * 1_000) / 3);
    clearTimeout(this.#graceTimer);
    // A timer may be early.
    const grace = Math.max(0, this.#graceUntil - performance.now()) + 10;
    this.#graceTimer = setTimeout(() => this.#sweep(), grace);
    this.#tell((observer) => observer.current?.());
  }

  #apart(): void {
    if (this.#isClosed) return;
    this.#generation += 1;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    clearInterval(this.#timer);
    clearTimeout(this.#graceTimer);
    this.#isCurrent = false;
    this.#refuseWaiting();
    // By then the others take this member for gone, too.
    this.#graceTimer = setTimeout(() => {
      for (const member of [...this.#members.keys()]) this.#memberGone(member);
    }, this.#options.presenceTimeoutMs);
    this.#tell((observer) => observer.apart?.());
  }

  #set(name: string, entry: Entry): void {
    const before = this.#copy.get(name);
    if (before !== undefined && before.revision >= entry.revision) return;
    this.#copy.set(name, entry);
    const { kind, member, rest } = split(name);
    if (kind === PRESENCE) this.#setMember(member, entry.value);
    else if (kind === RECORDS || this.#members.has(member)) {
      this.#handle(kind, member, rest, entry);
    }
  }

  #remove(name: string): void {
    const { kind, member, rest } = split(name);
    if (kind === PRESENCE) {
      this.#copy.delete(name);
      this.#strangers.delete(member);
      if (member === this.member) this.#expelled();
      else if (performance.now() >= this.#graceUntil) this.#memberGone(member);
      return;
    }
    if (!this.#copy.has(name)) return;
    const isTakenForGone = kind !== RECORDS && !this.hasPresence(member);
    if (isTakenForGone) this.#memberGone(member);
    this.#copy.delete(name);
    if (kind === TESTAMENTS && member === this.member && this.#own.delete(name)) {
      this.#handle(kind, member, rest, undefined);
    }
    if (kind === RECORDS || this.#members.has(member)) {
      this.#handle(kind, member, rest, undefined);
    }
  }

  #setMember(member: string, value: unknown): void {
    if (member === this.member || this.#members.has(member)) return;
    const { version, label, since } = isRecord(value) ? value : {};
    if (version !== CLUSTER_VERSION) {
      if (this.#strangers.has(member)) return;
      this.#strangers.add(member);
      this.#options.log.warn("cluster member of another version", {
        realm: this.#options.realm,
        member: String(label),
        version: String(version),
      });
      return;
    }
    this.#members.set(member, { label: String(label), since: Number(since) });
    this.#tell((observer) => observer.joined?.(member));
    for (const [name, entry] of this.#entriesOf(member)) {
      const { kind, rest } = split(name);
      this.#handle(kind, member, rest, entry);
    }
  }

  #memberGone(member: string): void {
    const known = this.#members.get(member);
    if (known === undefined) return;
    this.#options.log.warn("cluster member gone", {
      realm: this.#options.realm,
      member: known.label,
    });
    this.#members.delete(member);
    for (const [name] of this.#entriesOf(member)) {
      const { kind, rest } = split(name);
      this.#handle(kind, member, rest, undefined);
    }
    this.#tell((observer) => observer.gone?.(member));
    this.#sweep();
  }

  *#entriesOf(member: string): Generator<[string, Entry]> {
    for (const [name, entry] of [...this.#copy]) {
      const one = split(name);
      const isOther = one.kind === PRESENCE || one.kind === RECORDS;
      if (one.member === member && !isOther) yield [name, entry];
    }
  }

  /** Members that have not come back are gone, and so is what they kept. */
  #sweep(): void {
    if (this.#isClosed || !this.#isCurrent || performance.now() < this.#graceUntil) return;
    for (const member of [...this.#members.keys()]) {
      if (!this.hasPresence(member)) this.#memberGone(member);
    }
    if (!this.isFirst) return;
    for (const name of this.#copy.keys()) {
      const { kind, member } = split(name);
      if (kind === RECORDS || kind === TESTAMENTS) continue;
      // Kinds without a handler are those of another version.
      if (!this.#handlers.has(kind) || !this.isGone(member)) continue;
      this.#engine.remove(this.#keyOf(name)).catch(() => {});
    }
  }

  /** The others have taken this member for gone. */
  #expelled(): void {
    if (!this.#isCurrent) return;
    this.#options.log.warn("cluster presence lost", { realm: this.#options.realm });
    void this.#refresh();
    for (const key of this.#own.keys()) this.#write(key);
    this.#tell((observer) => observer.apart?.());
    this.#tell((observer) => observer.current?.());
  }

  /** Puts what the table lacks, and removes what it should not have. */
  #writeOwn(): void {
    this.#unwritten.clear();
    for (const [name] of this.#entriesOf(this.member)) if (!this.#own.has(name)) this.#write(name);
    for (const key of this.#own.keys()) this.#write(key);
  }

  async #refresh(): Promise<void> {
    const unwritten = [...this.#unwritten];
    this.#unwritten.clear();
    for (const key of unwritten) this.#write(key);
    try {
      await this.#putPresence();
    } catch (thrown) {
      this.#warn("cluster presence not renewed", thrown);
    }
  }

  #write(key: string): void {
    const value = this.#own.get(key);
    const written =
      value === undefined
        ? this.#engine.remove(this.#keyOf(key))
        : this.#engine.put(this.#keyOf(key), value);
    written.catch((thrown) => {
      this.#unwritten.add(key);
      // While the engine is away that is told already.
      if (this.#engine.isConnected) this.#warn("cluster table not written", thrown);
    });
  }

  #putPresence(): Promise<number> {
    const { label } = this.#options;
    const key = this.#keyOf(`${PRESENCE}.${this.member}`);
    const value = encode({ version: CLUSTER_VERSION, label, since: this.#since });
    return this.#engine.put(key, value, { seconds: this.#seconds });
  }

  /** Puts something, and waits until the copy has it: it has all that was put before, then. */
  #pass(): Promise<void> {
    const passing = this.#putAndSee().finally(() => {
      if (this.#passing === passing) this.#passing = undefined;
    });
    this.#passing = passing;
    return passing;
  }

  async #putAndSee(): Promise<void> {
    const revision = await this.#putPresence();
    if (!this.#isCurrent) throw notCurrent();
    if (this.#revision >= revision) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ revision, resolve, reject });
    await promise;
  }

  #refuseWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(notCurrent());
  }

  #keyOf(name: string): string {
    return `${this.#options.realm}.${name}`;
  }

  /** What one cannot do with its kind keeps the others from nothing. */
  #handle(kind: string, ...change: Parameters<EntryHandler>): void {
    try {
      this.#handlers.get(kind)?.(...change);
    } catch (thrown) {
      this.#warn("cluster change not taken", thrown);
    }
  }

  /** The same of an observer. */
  #tell(tell: (observer: TableObserver) => void): void {
    for (const observer of this.#observers) {
      try {
        tell(observer);
      } catch (thrown) {
        this.#warn("cluster change not taken", thrown);
      }
    }
  }

  #warn(event: string, thrown: unknown): void {
    this.#options.log.warn(event, { realm: this.#options.realm, reason: sentenceOf(thrown) });
  }
}

function notCurrent(): Failure {
  return new Failure("Cannot look into the cluster: its servers cannot be reached", {
    source: "router",
    uri: ErrorUri.unavailable,
  });
}

function randomMember(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url");
}

function split(name: string): { kind: string; member: string; rest: string } {
  const [kind = "", second = ""] = name.split(".", 2);
  const rest = name.slice(kind.length + 1);
  if (kind === RECORDS) return { kind, member: "", rest };
  return { kind, member: second, rest: rest.slice(second.length + 1) };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Undefined for what another program has put there. */
function decode(octets: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(octets));
  } catch {
    return undefined;
  }
}
