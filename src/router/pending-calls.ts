/**
 * The calls of a realm that wait for their callees, by caller and by callee.
 *
 * @module
 */

import type { Dict } from "./incoming.ts";
import type { RealmSession } from "./realm-session.ts";
import type { Endpoint } from "./registration-map.ts";

/** Most calls in several messages of one caller that ended before its last message came. */
const MAX_UNFINISHED = 1_000;

/** A CALL that has become an INVOCATION. */
export interface PendingCall {
  readonly caller: RealmSession;
  readonly request: number;
  readonly callee: RealmSession;
  readonly endpoint: Endpoint;
  readonly invocation: number;
  readonly procedure: string;
  readonly receivesProgress: boolean;
  /** What further messages of the caller begin with; undefined: none follows. */
  followUp: FollowUp | undefined;
  timer: Timer | undefined;
  /** Whether its callee was sent INTERRUPT. */
  isInterrupted: boolean;
}

/** What the INVOCATIONs of one call have in common. */
export interface FollowUp {
  readonly registration: number;
  readonly details: Dict;
}

/** Pending calls by caller and by callee. */
export class PendingCalls {
  readonly #byCaller: CallsBySession = new Map();
  readonly #byCallee: CallsBySession = new Map();
  /** Calls that have ended before the last message of their callers, by their request ids. */
  readonly #unfinished = new Map<RealmSession, Set<number>>();

  add(call: PendingCall): void {
    call.endpoint.pending += 1;
    addCall(this.#byCaller, call.caller, call.request, call);
    addCall(this.#byCallee, call.callee, call.invocation, call);
  }

  ofCaller(caller: RealmSession, request: number): PendingCall | undefined {
    return this.#byCaller.get(caller)?.get(request);
  }

  ofCallee(callee: RealmSession, invocation: number): PendingCall | undefined {
    return this.#byCallee.get(callee)?.get(invocation);
  }

  /** Whether a call of this session, or one that it performs, waits for its answer. */
  has(session: RealmSession): boolean {
    return this.#byCaller.has(session) || this.#byCallee.has(session);
  }

  countOfCaller(caller: RealmSession): number {
    return this.#byCaller.get(caller)?.size ?? 0;
  }

  /** Removes a call; a later answer of its callee is dropped, and so are later messages of its caller. */
  remove(call: PendingCall): void {
    if (this.ofCaller(call.caller, call.request) !== call) return;
    clearTimeout(call.timer);
    call.endpoint.pending -= 1;
    removeCall(this.#byCaller, call.caller, call.request);
    removeCall(this.#byCallee, call.callee, call.invocation);
    if (call.followUp !== undefined) this.expectMore(call.caller, call.request);
    call.caller.onCallEnded?.();
    call.callee.onCallEnded?.();
  }

  /** Whether a CALL belongs to a call that has ended; `isLast`: no further one follows. */
  isLate(caller: RealmSession, request: number, isLast: boolean): boolean {
    const requests = this.#unfinished.get(caller);
    if (!requests?.has(request)) return false;
    if (isLast) requests.delete(request);
    return true;
  }

  allOfCaller(caller: RealmSession): PendingCall[] {
    return [...(this.#byCaller.get(caller)?.values() ?? [])];
  }

  allOfCallee(callee: RealmSession): PendingCall[] {
    return [...(this.#byCallee.get(callee)?.values() ?? [])];
  }

  /** The session is over. */
  forget(session: RealmSession): void {
    this.#unfinished.delete(session);
  }

  /** Further messages of a call that has ended are late. */
  expectMore(caller: RealmSession, request: number): void {
    const requests = this.#unfinished.get(caller) ?? new Set<number>();
    this.#unfinished.set(caller, requests);
    requests.add(request);
    const [oldest] = requests;
    if (requests.size > MAX_UNFINISHED && oldest !== undefined) requests.delete(oldest);
  }
}

type CallsBySession = Map<RealmSession, Map<number, PendingCall>>;

function addCall(
  bySession: CallsBySession,
  session: RealmSession,
  id: number,
  call: PendingCall,
): void {
  const calls = bySession.get(session) ?? new Map<number, PendingCall>();
  calls.set(id, call);
  bySession.set(session, calls);
}

function removeCall(bySession: CallsBySession, session: RealmSession, id: number): void {
  const calls = bySession.get(session);
  calls?.delete(id);
  if (calls?.size === 0) bySession.delete(session);
}
