/**
 * The calls of a realm that wait for their callees, found from either side.
 *
 * @module
 */

import type { Member } from "./member.ts";

/** A CALL that has become an INVOCATION. */
export interface PendingCall {
  readonly caller: Member;
  readonly request: number;
  readonly callee: Member;
  readonly invocation: number;
  readonly procedure: string;
  readonly receivesProgress: boolean;
  timer: Timer | undefined;
}

/** Pending calls by caller and by callee. */
export class PendingCalls {
  readonly #byCaller = new Map<Member, Map<number, PendingCall>>();
  readonly #byCallee = new Map<Member, Map<number, PendingCall>>();

  add(call: PendingCall): void {
    put(this.#byCaller, call.caller, call.request, call);
    put(this.#byCallee, call.callee, call.invocation, call);
  }

  ofCaller(caller: Member, request: number): PendingCall | undefined {
    return this.#byCaller.get(caller)?.get(request);
  }

  ofCallee(callee: Member, invocation: number): PendingCall | undefined {
    return this.#byCallee.get(callee)?.get(invocation);
  }

  countOfCaller(caller: Member): number {
    return this.#byCaller.get(caller)?.size ?? 0;
  }

  /** Forgets a call; what its callee says of it later has no receiver. */
  remove(call: PendingCall): void {
    clearTimeout(call.timer);
    take(this.#byCaller, call.caller, call.request);
    take(this.#byCallee, call.callee, call.invocation);
  }

  allOfCaller(caller: Member): PendingCall[] {
    return [...(this.#byCaller.get(caller)?.values() ?? [])];
  }

  allOfCallee(callee: Member): PendingCall[] {
    return [...(this.#byCallee.get(callee)?.values() ?? [])];
  }
}

type Side = Map<Member, Map<number, PendingCall>>;

function put(side: Side, member: Member, id: number, call: PendingCall): void {
  const own = side.get(member) ?? new Map<number, PendingCall>();
  own.set(id, call);
  side.set(member, own);
}

function take(side: Side, member: Member, id: number): void {
  const own = side.get(member);
  own?.delete(id);
  if (own?.size === 0) side.delete(member);
}
