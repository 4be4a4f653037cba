/**
 * CallQueue: calls that wait because every callee performs as many as its `concurrency` says.
 *
 *     CALL 1    INVOCATION 1, to a callee with concurrency 1
 *     CALL 2    waits
 *     YIELD 1   RESULT 1; INVOCATION 2
 *
 * A registration has its calls wait in their order. The first of them is tried again when a callee becomes free, comes
 * or goes; without callees it is answered as any other call then. The time of a call begins with the CALL.
 *
 * @module
 */

import type { QueueConfig } from "#config/realm/realm-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import { Busy, chooseCallee } from "./callee-choice.ts";
import type { Dealer } from "./dealer.ts";
import { isRefusal } from "./incoming.ts";
import { refuseUnannouncedPassthru } from "./message-options.ts";
import { sendError } from "./outgoing.ts";
import type { RealmSession } from "./realm-session.ts";
import type { Registration } from "./registration-map.ts";
import type { CallRequest } from "./requests.ts";
import type { Authorization } from "./role.ts";
import { isMatch } from "./uri-match.ts";

/** Most octets of arguments that wait in one realm. */
const MAX_OCTETS = 64 * 1024 * 1024;

/** Longest delay of a JavaScript timer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A call that waits. */
interface WaitingCall {
  readonly caller: RealmSession;
  readonly request: CallRequest;
  readonly authorization: Authorization;
  registration: Registration;
  readonly octets: number;
  /** When it has to be answered, by `performance.now`; undefined: any time. */
  readonly endsAt: number | undefined;
  timer: Timer | undefined;
}

/** The calls of a realm that wait. */
export class CallQueue {
  readonly #dealer: Dealer;
  #configs: readonly QueueConfig[] = [];
  readonly #byRegistration = new Map<Registration, Set<WaitingCall>>();
  readonly #byCaller = new Map<RealmSession, Map<number, WaitingCall>>();
  #octets = 0;

  constructor(dealer: Dealer) {
    this.#dealer = dealer;
  }

  /** Sets which procedures have calls wait; calls that wait already stay. */
  configure(configs: readonly QueueConfig[]): void {
    this.#configs = configs;
  }

  /** Whether a call of this session waits; `id`: this one. */
  has(caller: RealmSession, id?: number): boolean {
    const calls = this.#byCaller.get(caller);
    return id === undefined ? calls !== undefined : calls?.has(id) === true;
  }

  /**
   * Calls a procedure, or has the call wait.
   *
   * @throws Failure when the call is refused.
   */
  call(caller: RealmSession, request: CallRequest, authorization: Authorization): void {
    const before = this.#byRegistration.size > 0 ? this.#queueOf(request.uri) : undefined;
    if (before !== undefined) {
      refuseUnannouncedPassthru("CALL", request.options, caller.features.passthru.caller);
      this.#wait(caller, request, authorization, new Busy(request.uri, before));
      return;
    }
    try {
      this.#dealer.call(caller, request, authorization);
    } catch (thrown) {
      if (!(thrown instanceof Busy)) throw thrown;
      this.#wait(caller, request, authorization, thrown);
    }
  }

  /** Ends a call that waits, at the CANCEL of its caller; false: no such call waits. */
  cancel(caller: RealmSession, id: number): boolean {
    const call = this.#byCaller.get(caller)?.get(id);
    if (call === undefined) return false;
    this.#end(call, ErrorUri.canceled, "The call was canceled by its caller");
    return true;
  }

  /** Drops the calls of a session that has left. */
  leave(caller: RealmSession): void {
    for (const call of [...(this.#byCaller.get(caller)?.values() ?? [])]) this.#remove(call);
  }

  /** The registration of a procedure, if calls wait for it already. */
  #queueOf(procedure: string): Registration | undefined {
    if (procedure.startsWith("wamp.")) return undefined;
    const found = this.#dealer.registrations
      .matches(procedure)
      .find((registration) => chooseCallee(registration, procedure) !== undefined);
    return found !== undefined && this.#byRegistration.has(found) ? found : undefined;
  }

  #wait(
    caller: RealmSession,
    request: CallRequest,
    authorization: Authorization,
    busy: Busy,
  ): void {
    const { payload } = request;
    const octets = payload.items.reduce((sum, item) => sum + item.length, 0);
    const { registration } = busy;
    const count = this.#byRegistration.get(registration)?.size ?? 0;
    const mayWait = request.options.progress !== true && this.#octets + octets <= MAX_OCTETS;
    if (!mayWait || count >= this.#limitOf(request.uri)) throw busy;
    // The octets of the payload are the message's.
    const items = payload.items.map((item) => Uint8Array.from(item));
    const timeout = this.#dealer.timeoutOf(request.options.timeout);
    const call: WaitingCall = {
      caller,
      request: { ...request, payload: { serializer: payload.serializer, items } },
      authorization,
      registration,
      octets,
      endsAt: timeout === 0 ? undefined : performance.now() + timeout,
      timer: undefined,
    };
    if (timeout > 0) this.#startTimeout(call, timeout);
    this.#add(call);
  }

  #limitOf(procedure: string): number {
    const found = this.#configs.find(({ uri, match }) => isMatch(uri, match, procedure));
    return found?.limit ?? 0;
  }

  #add(call: WaitingCall): void {
    const { registration, caller, request, octets } = call;
    const waiting = this.#byRegistration.get(registration) ?? new Set<WaitingCall>();
    this.#byRegistration.set(registration, waiting);
    waiting.add(call);
    registration.onFree ??= () => this.#wake(registration);
    const ofCaller = this.#byCaller.get(caller) ?? new Map<number, WaitingCall>();
    this.#byCaller.set(caller, ofCaller);
    ofCaller.set(request.id, call);
    this.#octets += octets;
  }

  #remove(call: WaitingCall): void {
    const { registration, caller, request, octets, timer } = call;
    clearTimeout(timer);
    const waiting = this.#byRegistration.get(registration);
    if (waiting?.delete(call) && waiting.size === 0) {
      this.#byRegistration.delete(registration);
      registration.onFree = undefined;
    }
    const ofCaller = this.#byCaller.get(caller);
    if (ofCaller?.delete(request.id) && ofCaller.size === 0) this.#byCaller.delete(caller);
    this.#octets -= octets;
  }

  #end(call: WaitingCall, uri: string, sentence: string): void {
    this.#remove(call);
    sendError(call.caller, MessageType.CALL, call.request.id, uri, sentence);
    call.caller.onCallEnded?.();
  }

  #startTimeout(call: WaitingCall, timeout: number): void {
    call.timer = setTimeout(this.#onTimeout, Math.min(timeout, MAX_TIMEOUT_MS), call, timeout);
  }

  readonly #onTimeout = (call: WaitingCall, timeout: number): void => {
    this.#end(call, ErrorUri.timeout, `The call took longer than ${timeout} ms`);
  };

  /** Tries the calls of a registration again, behind what is being done now. */
  #wake(registration: Registration): void {
    queueMicrotask(() => {
      for (const call of this.#byRegistration.get(registration) ?? []) {
        if (!this.#tryAgain(call)) return;
      }
    });
  }

  /** Calls again; false: the callees are as busy as before. */
  #tryAgain(call: WaitingCall): boolean {
    const { caller, authorization, registration } = call;
    try {
      this.#dealer.call(caller, withTimeLeft(call), authorization);
      this.#remove(call);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      if (thrown instanceof Busy && thrown.registration === registration) return false;
      if (thrown instanceof Busy) this.#move(call, thrown.registration);
      else this.#end(call, thrown.uri ?? ErrorUri.invalidArgument, thrown.message);
    }
    return true;
  }

  /** Its procedure has another registration now, which is as busy. */
  #move(call: WaitingCall, registration: Registration): void {
    this.#remove(call);
    call.registration = registration;
    const { endsAt } = call;
    if (endsAt !== undefined) this.#startTimeout(call, timeLeft(endsAt));
    this.#add(call);
  }
}

/** The CALL as if it came now. */
function withTimeLeft({ request, endsAt }: WaitingCall): CallRequest {
  if (endsAt === undefined) return request;
  return { ...request, options: { ...request.options, timeout: timeLeft(endsAt) } };
}

function timeLeft(endsAt: number): number {
  return Math.max(1, Math.ceil(endsAt - performance.now()));
}
