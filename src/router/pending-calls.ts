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

/** The calls of one session. It keeps its maps, because making them takes longer than using them. */
class SessionCalls {
  /** Those that it has made, by their request ids. */
  readonly made = new Map<number, PendingCall>();
  /** Those that it performs, by the ids of their invocations. */
  readonly performed = new Map<number, PendingCall>();
  /** Those that it has made and that have ended before their last message came; undefined: there were none. */
  unfinished: Set<number> | undefined;
}

/** Pending calls by caller and by callee. */
export class PendingCalls {
  readonly #sessions = new WeakMap<RealmSession, SessionCalls>();

  add(call: PendingCall): void {
    call.endpoint.pending += 1;
    this.#callsOf(call.caller).made.set(call.request, call);
    this.#callsOf(call.callee).performed.set(call.invocation, call);
  }

  ofCaller(caller: RealmSession, request: number): PendingCall | undefined {
    return this.#sessions.get(caller)?.made.get(request);
  }

  ofCallee(callee: RealmSession, invocation: number): PendingCall | undefined {
    return this.#sessions.get(callee)?.performed.get(invocation);
  }

  /** Whether a call of this session, or one that it performs, waits for its answer. */
  has(session: RealmSession): boolean {
    const calls = this.#sessions.get(session);
    return calls !== undefined && (calls.made.size > 0 || calls.performed.size > 0);
  }

  countOfCaller(caller: RealmSession): number {
    return this.#sessions.get(caller)?.made.size ?? 0;
  }

  /** Removes a call; a later answer of its callee is dropped, and so are later messages of its caller. */
  remove(call: PendingCall): void {
    const { caller, callee, request } = call;
    const made = this.#sessions.get(caller)?.made;
    if (made?.get(request) !== call) return;
    made.delete(request);
    this.#sessions.get(callee)?.performed.delete(call.invocation);
    if (call.timer !== undefined) clearTimeout(call.timer);
    call.endpoint.pending -= 1;
    if (call.followUp !== undefined) this.expectMore(caller, request);
    caller.onCallEnded?.();
    callee.onCallEnded?.();
    call.endpoint.registration.onFree?.();
  }

  /** Whether a CALL belongs to a call that has ended; `isLast`: no further one follows. */
  isLate(caller: RealmSession, request: number, isLast: boolean): boolean {
    const requests = this.#sessions.get(caller)?.unfinished;
    if (!requests?.has(request)) return false;
    if (isLast) requests.delete(request);
    return true;
  }

  allOfCaller(caller: RealmSession): PendingCall[] {
    return [...(this.#sessions.get(caller)?.made.values() ?? [])];
  }

  allOfCallee(callee: RealmSession): PendingCall[] {
    return [...(this.#sessions.get(callee)?.performed.values() ?? [])];
  }

  /** The session is over. */
  forget(session: RealmSession): void {
    const calls = this.#sessions.get(session);
    if (calls !== undefined) calls.unfinished = undefined;
  }

  /** Further messages of a call that has ended are late. */
  expectMore(caller: RealmSession, request: number): void {
    const calls = this.#callsOf(caller);
    calls.unfinished ??= new Set();
    const requests = calls.unfinished;
    requests.add(request);
    const [oldest] = requests;
    if (requests.size > MAX_UNFINISHED && oldest !== undefined) requests.delete(oldest);
  }

  #callsOf(session: RealmSession): SessionCalls {
    const existing = this.#sessions.get(session);
    if (existing !== undefined) return existing;
    const calls = new SessionCalls();
    this.#sessions.set(session, calls);
    return calls;
  }
}
