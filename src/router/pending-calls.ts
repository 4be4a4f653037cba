/**
 * The calls of a realm that wait for their callees, by caller and by callee.
 *
 * @module
 */

import type { RealmSession } from "./realm-session.ts";

/** A CALL that has become an INVOCATION. */
export interface PendingCall {
  readonly caller: RealmSession;
  readonly request: number;
  readonly callee: RealmSession;
  readonly invocation: number;
  readonly procedure: string;
  readonly receivesProgress: boolean;
  timer: Timer | undefined;
  /** Whether its callee was sent INTERRUPT. */
  isInterrupted: boolean;
}

/** Pending calls by caller and by callee. */
export class PendingCalls {
  readonly #byCaller: CallsBySession = new Map();
  readonly #byCallee: CallsBySession = new Map();

  add(call: PendingCall): void {
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

  /** Removes a call; a later answer of its callee is dropped. */
  remove(call: PendingCall): void {
    clearTimeout(call.timer);
    removeCall(this.#byCaller, call.caller, call.request);
    removeCall(this.#byCallee, call.callee, call.invocation);
    call.caller.onCallEnded?.();
    call.callee.onCallEnded?.();
  }

  allOfCaller(caller: RealmSession): PendingCall[] {
    return [...(this.#byCaller.get(caller)?.values() ?? [])];
  }

  allOfCallee(callee: RealmSession): PendingCall[] {
    return [...(this.#byCallee.get(callee)?.values() ?? [])];
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
