/**
 * SharedRegistrations: the registrations of a realm with the callees of all of its workers.
 *
 * The table decides who may register: a record is replaced only by its revision. This worker writes its own callees
 * into the records, and has stand-ins for those of others among its registrations.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import type { Dealer } from "#router/dealer.ts";
import type { InvokePolicy } from "#router/message-options.ts";
import type { RealmSession } from "#router/realm-session.ts";
import { type Registration, refuseConflict } from "#router/registration-map.ts";
import type { RegisterRequest } from "#router/requests.ts";
import type { MatchPolicy } from "#router/uri-match.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { RevisionMismatch } from "./cluster-engine.ts";
import { type ClusterTable, type Entry, RECORDS } from "./cluster-table.ts";
import { patternKey } from "./hashed-ids.ts";
import { type CalleeRecord, type RegistrationRecord, readRecord } from "./registration-record.ts";
import { RemoteCallee } from "./remote-callee.ts";

/** Most callees of one registration on all workers: their record has to fit into a message of the engine. */
const MAX_CALLEES = 2_000;

/** So often a record is written anew because others have changed it meanwhile. */
const MAX_ATTEMPTS = 200;

/** So often a callee is put into a record before it is refused. */
const MAX_CLAIMS = 5;

/** Why a callee loses a registration. */
const UNREGISTERED = "wamp.error.unregistered";

/** A callee of this worker that is to be in a record. */
interface OwnCallee {
  readonly session: RealmSession;
  readonly invoke: InvokePolicy;
  readonly record: CalleeRecord;
  /** Whether it takes the registration from others. */
  isForced: boolean;
}

/** Those of one pattern. */
interface Wanted {
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly callees: Map<RealmSession, OwnCallee>;
}

/** What the registrations need besides the table. */
export interface SharedRegistrationsParts {
  readonly table: ClusterTable;
  readonly dealer: Dealer;
  readonly log: Logger;
  /** A stand-in for a callee of another worker. */
  standIn(callee: CalleeRecord): RemoteCallee;
  /** A callee of another worker has no registration any more. */
  forget(callee: RemoteCallee): void;
  /** A callee of a worker that is lost has lost its registration. */
  lost(callee: RealmSession, registration: Registration): void;
}

/** The registrations of one realm. */
export class SharedRegistrations {
  readonly #table: ClusterTable;
  readonly #dealer: Dealer;
  readonly #log: Logger;
  readonly #standIn: (callee: CalleeRecord) => RemoteCallee;
  readonly #forget: (callee: RemoteCallee) => void;
  readonly #lost: (callee: RealmSession, registration: Registration) => void;
  /** Callees of this worker by the keys of their patterns. */
  readonly #wanted = new Map<string, Wanted>();
  readonly #writing = new Map<string, Promise<void>>();

  constructor({ table, dealer, log, standIn, forget, lost }: SharedRegistrationsParts) {
    this.#table = table;
    this.#dealer = dealer;
    this.#log = log;
    this.#standIn = standIn;
    this.#forget = forget;
    this.#lost = lost;
    table.on(RECORDS, (_, key, entry) => this.#apply(key, entry));
    table.observe({
      joined: (member) => this.#applyAll(member),
      gone: (member) => this.#applyAll(member),
      current: () => this.#writeAll(),
    });
  }

  /**
   * Claims a registration for a callee of this worker; undefined: it has it already.
   *
   * @throws Failure when the other workers cannot be reached, or the registration is refused.
   */
  claim(
    session: RealmSession,
    { uri, match, options }: RegisterRequest,
  ): Promise<void> | undefined {
    const key = patternKey(uri, match);
    const { invoke = "single", concurrency, forward_timeout, force_reregister } = options;
    const wanted = this.#wanted.get(key) ?? { uri, match, callees: new Map() };
    const isForced = force_reregister === true;
    const before = wanted.callees.get(session);
    if (before !== undefined && before.invoke !== invoke && !isForced) return undefined;
    if (!this.#table.isCurrent) throw apart(uri);
    this.#dealer.registrations.refuseTooMany(session, uri);
    this.#wanted.set(key, wanted);
    const record: CalleeRecord = {
      member: this.#table.member,
      session: session.id,
      authrole: session.identity.authrole,
      features: session.features,
      ...(concurrency !== undefined && { concurrency }),
      handlesTimeout: forward_timeout === true && session.features.callTimeout,
    };
    const own = { session, invoke, record, isForced };
    wanted.callees.set(session, own);
    return this.#settle(key, session, uri).catch((thrown) => {
      // What it had before is still its own.
      if (wanted.callees.get(session) === own) {
        if (before === undefined) wanted.callees.delete(session);
        else wanted.callees.set(session, before);
      }
      throw thrown;
    });
  }

  /** A callee of this worker does not want a registration any more; given an invocation policy: unless it has another. */
  release(session: RealmSession, uri: string, match: MatchPolicy, invoke?: InvokePolicy): void {
    const key = patternKey(uri, match);
    const wanted = this.#wanted.get(key);
    // With another policy it has just registered again.
    if (invoke !== undefined && wanted?.callees.get(session)?.invoke !== invoke) return;
    if (!wanted?.callees.delete(session)) return;
    if (this.#table.isCurrent) void this.#write(key);
    else if (wanted.callees.size === 0) this.#wanted.delete(key);
  }

  createdAt(uri: string, match: MatchPolicy): number | undefined {
    return readRecord(this.#table.record(patternKey(uri, match))?.value)?.created;
  }

  /** Puts the callees of a registration into the order in which they registered. */
  sort(registration: Registration): void {
    const key = patternKey(registration.uri, registration.match);
    sortCallees(registration, readRecord(this.#table.record(key)?.value)?.callees ?? []);
  }

  /** The realm ends here: the callees of this worker leave all records. */
  async close(): Promise<void> {
    const keys = [...this.#wanted.keys()];
    for (const { callees } of this.#wanted.values()) callees.clear();
    await Promise.all(keys.map((key) => this.#write(key)));
  }

  /** Resolves when the callee is in the record. */
  async #settle(key: string, session: RealmSession, uri: string): Promise<void> {
    let isRefused = false;
    for (let attempt = 0; attempt < MAX_CLAIMS; attempt++) {
      await this.#write(key);
      const wanted = this.#wanted.get(key);
      const own = wanted?.callees.get(session);
      // It has left, or somebody forced the registration meanwhile.
      if (wanted === undefined || own === undefined) return;
      const record = readRecord(this.#table.record(key)?.value);
      if (record?.callees.some((one) => isOf(one, this.#table.member, session))) return;
      if (!this.#table.isCurrent) throw apart(uri);
      const failure = this.#conflictOf(own, wanted, record);
      if (failure === undefined) continue;
      // What is in the way may be gone, or be a member that has not been heard of yet.
      const others = record?.callees ?? [];
      if (others.some(({ member }) => !this.#table.isPresent(member))) await this.#table.settled();
      else if (isRefused) throw failure;
      else {
        isRefused = true;
        await this.#table.caughtUp();
      }
    }
    throw new Failure(`Cannot register "${uri}": the others could not be told`, {
      source: "router",
      uri: ErrorUri.unavailable,
    });
  }

  /** Makes the record have the callees of this worker, one change after the other. */
  #write(key: string): Promise<void> {
    const before = this.#writing.get(key) ?? Promise.resolve();
    const writing = before.then(() => this.#writeNow(key));
    const settled = writing.finally(() => {
      if (this.#writing.get(key) === settled) this.#writing.delete(key);
    });
    this.#writing.set(key, settled);
    return settled;
  }

  async #writeNow(key: string): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS && this.#table.isCurrent; attempt++) {
      const entry = this.#table.record(key);
      const record = readRecord(entry?.value);
      const next = this.#next(key, record);
      if (next === record) break;
      try {
        await this.#table.replaceRecord(key, next, entry?.revision ?? 0);
        break;
      } catch (thrown) {
        if (thrown instanceof RevisionMismatch) await this.#table.caughtUp().catch(() => {});
        else if (thrown instanceof Failure) {
          // It is written when the engine is back.
          this.#log.warn("registration not written", { reason: thrown.message });
          break;
        } else throw thrown;
      }
    }
    const wanted = this.#wanted.get(key);
    if (wanted?.callees.size === 0) this.#wanted.delete(key);
  }

  /** The record as it should be; the same one where nothing has to change, undefined where nobody is left. */
  #next(key: string, record: RegistrationRecord | undefined): RegistrationRecord | undefined {
    const wanted = this.#wanted.get(key);
    const own = [...(wanted?.callees.values() ?? [])];
    const kept = (record?.callees ?? []).flatMap((callee) => {
      if (callee.member !== this.#table.member) {
        return this.#table.isGone(callee.member) ? [] : [callee];
      }
      // It may have registered again, with other options.
      return own.find((one) => one.session.id === callee.session)?.record ?? [];
    });
    let next: RegistrationRecord | undefined =
      record === undefined || kept.length === 0 ? undefined : record;
    if (next !== undefined && !Bun.deepEquals(kept, next.callees))
      next = { ...next, callees: kept };
    for (const one of own) {
      const isThere = next?.callees.some((callee) => callee.session === one.session.id);
      const mayStay = next?.invoke === one.invoke && next.callees.length === 1;
      if (wanted === undefined || (isThere && (!one.isForced || mayStay))) {
        one.isForced = false;
        continue;
      }
      if (!one.isForced && this.#conflictOf(one, wanted, next) !== undefined) continue;
      next = withCallee(next, wanted, one);
      one.isForced = false;
    }
    return next;
  }

  #conflictOf(
    { invoke }: OwnCallee,
    { uri }: Wanted,
    record: RegistrationRecord | undefined,
  ): Failure | undefined {
    if (record === undefined || record.callees.length === 0) return undefined;
    if (record.callees.length >= MAX_CALLEES) return tooMany(uri);
    try {
      refuseConflict(record, invoke, false);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof Failure) return thrown;
      throw thrown;
    }
  }

  /** Makes the registrations of this worker have the callees of a record. */
  #apply(key: string, entry: Entry | undefined): void {
    const record = readRecord(entry?.value);
    const wanted = this.#wanted.get(key);
    if (record === undefined) {
      const gone = this.#knownKeys.get(key);
      if (gone !== undefined) this.#replaceStandIns(gone, []);
      this.#knownKeys.delete(key);
    } else {
      this.#knownKeys.set(key, record);
      for (const session of this.#lostBy(record, wanted)) this.#revoke(session, record);
      this.#replaceStandIns(record, record.callees);
    }
    if (this.#isWrong(record, wanted)) void this.#write(key);
  }

  /** The last records, for when they are removed. */
  readonly #knownKeys = new Map<string, RegistrationRecord>();

  /** Whether a record lacks a callee of this worker, or has one that is none: an answer to a change may have been lost. */
  #isWrong(record: RegistrationRecord | undefined, wanted: Wanted | undefined): boolean {
    const own = new Set([...(wanted?.callees.values() ?? [])].map((one) => one.record.session));
    const there = record?.callees.filter(({ member }) => member === this.#table.member) ?? [];
    return there.length !== own.size || there.some(({ session }) => !own.has(session));
  }

  /** Callees of this worker that others have taken the registration from. */
  #lostBy(record: RegistrationRecord, wanted: Wanted | undefined): RealmSession[] {
    const lost = record.revoked ?? [];
    const isInvokedOtherwise = (one: OwnCallee) =>
      one.invoke !== record.invoke || record.invoke === "single";
    return [...(wanted?.callees.values() ?? [])]
      .filter((one) => !record.callees.some(({ session }) => session === one.session.id))
      .filter((one) => lost.includes(one.session.id) || isInvokedOtherwise(one))
      .map(({ session }) => session)
      .filter((session) => this.#hasRegistered(session, record));
  }

  /** A callee that waits for its claim is refused by it. */
  #hasRegistered(session: RealmSession, { uri, match }: RegistrationRecord): boolean {
    const registration = this.#dealer.registrations.get(uri, match);
    return registration?.callees.some((one) => one.session === session) === true;
  }

  #revoke(session: RealmSession, { uri, match }: RegistrationRecord): void {
    this.#wanted.get(patternKey(uri, match))?.callees.delete(session);
    const registration = this.#dealer.registrations.get(uri, match);
    if (registration !== undefined) this.#dealer.revoke(session, registration, UNREGISTERED);
  }

  #replaceStandIns(
    { uri, match, invoke, created }: RegistrationRecord,
    callees: readonly CalleeRecord[],
  ): void {
    const { registrations } = this.#dealer;
    const wanted = callees.filter(
      ({ member }) => member !== this.#table.member && this.#table.isPresent(member),
    );
    const before = registrations.get(uri, match);
    const removedCallees: RemoteCallee[] = [];
    for (const { session } of [...(before?.callees ?? [])]) {
      if (!(session instanceof RemoteCallee)) continue;
      const stays = wanted.some((one) => isOf(one, session.member, session));
      if (stays && before?.invoke === invoke) continue;
      const removed = registrations.remove(session, before?.id ?? 0);
      removedCallees.push(session);
      // Of all others their own workers tell.
      const isLost = removed !== undefined && !this.#table.hasPresence(session.member);
      if (isLost) this.#lost(session, removed);
    }
    for (const one of wanted) {
      const { concurrency, handlesTimeout } = one;
      const options = { ...(concurrency !== undefined && { concurrency }), handlesTimeout };
      try {
        registrations.add(this.#standIn(one), uri, match, invoke, options, created);
      } catch (thrown) {
        // A callee of this worker has it yet, and is about to lose it.
        if (!(thrown instanceof Failure)) throw thrown;
      }
    }
    for (const one of removedCallees) if (!registrations.hasAny(one)) this.#forget(one);
    sortCallees(registrations.get(uri, match), callees);
  }

  #applyAll(member: string): void {
    for (const key of this.#table.records()) {
      const entry = this.#table.record(key);
      const record = readRecord(entry?.value);
      if (!record?.callees.some((one) => one.member === member)) continue;
      this.#apply(key, entry);
      if (this.#table.isGone(member) && this.#table.isFirst) void this.#write(key);
    }
  }

  #writeAll(): void {
    for (const key of this.#wanted.keys()) void this.#write(key);
    for (const key of this.#table.records()) {
      const record = readRecord(this.#table.record(key)?.value);
      const hasOwn = record?.callees.some(({ member }) => member === this.#table.member);
      if (hasOwn && !this.#wanted.has(key)) void this.#write(key);
    }
  }
}

function withCallee(
  before: RegistrationRecord | undefined,
  { uri, match }: Wanted,
  { invoke, record, isForced }: OwnCallee,
): RegistrationRecord {
  const base = { uri, match, invoke, created: before?.created ?? Date.now() };
  const others = (before?.callees ?? []).filter(({ session }) => session !== record.session);
  if (!isForced) return { ...base, callees: [...others, record] };
  return { ...base, callees: [record], revoked: others.map(({ session }) => session) };
}

function isOf(callee: CalleeRecord, member: string, { id }: RealmSession): boolean {
  return callee.member === member && callee.session === id;
}

/** The callees stand in the order of the record, in which they registered; those that are not in it yet come last. */
function sortCallees(registration: Registration | undefined, order: readonly CalleeRecord[]): void {
  const places = new Map(order.map(({ session }, place) => [session, place]));
  const placeOf = ({ session }: { session: RealmSession }) =>
    places.get(session.id) ?? order.length;
  registration?.callees.sort((one, other) => placeOf(one) - placeOf(other));
}

function apart(uri: string): Failure {
  const state = "the other workers of the realm cannot be reached";
  return new Failure(`Cannot register "${uri}": ${state}`, {
    source: "router",
    uri: ErrorUri.unavailable,
  });
}

function tooMany(uri: string): Failure {
  return new Failure(`Cannot register "${uri}": ${MAX_CALLEES} callees have it already`, {
    source: "client",
    uri: ErrorUri.unavailable,
  });
}
