/**
 * The dealer of a realm.
 *
 *     [CALL, request, options, procedure, args?, kwargs?]
 *     [INVOCATION, request, registration, details, args?, kwargs?]
 *     [YIELD, invocation, options, args?, kwargs?]   [RESULT, request, details, args?, kwargs?]
 *
 * (WAMP specification, sections "Remote Procedure Calls" and "Advanced RPC".)
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import { type Dict, type Incoming, violation } from "./incoming.ts";
import { invokeOption, matchOption, refuseReserved } from "./options.ts";
import { messageFor, send, sendError } from "./outgoing.ts";
import { type PendingCall, PendingCalls } from "./pending-calls.ts";
import type { RealmSession } from "./realm-session.ts";
import { chooseCallee, type Registration, RegistrationMap } from "./registration-map.ts";

/** Most pending calls of one caller; a further call is answered with `wamp.error.unavailable`. */
const MAX_CALLS_PER_CALLER = 65_536;

/** Longest delay of a JavaScript timer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Answers a meta procedure; undefined: the router has none with this name. */
export type MetaProcedures = (
  procedure: string,
  args: () => readonly unknown[],
) => { result: readonly unknown[] } | undefined;

/** The elements of a CALL. */
interface Call {
  request: number;
  options: Dict;
  procedure: string;
  payload: Payload;
}

/** Keeps registrations, sends calls to their callees and results to the callers. */
export class Dealer {
  readonly #log: Logger;
  readonly #metaProcedures: MetaProcedures;
  readonly #registrations = new RegistrationMap();
  readonly #calls = new PendingCalls();

  constructor(log: Logger, metaProcedures: MetaProcedures) {
    this.#log = log;
    this.#metaProcedures = metaProcedures;
  }

  register(callee: RealmSession, message: Incoming): void {
    const request = message.id(1);
    const options = message.dict(2);
    const match = matchOption(options);
    const invoke = invokeOption(options);
    const procedure = message.uri(3, match);
    refuseReserved("register", procedure);
    callee.role.demand("register", procedure);
    const { id } = this.#registrations.add(callee, procedure, match, invoke);
    send(callee, [MessageType.REGISTERED, request, id]);
  }

  unregister(callee: RealmSession, message: Incoming): void {
    const request = message.id(1);
    const registration = message.id(2);
    if (!this.#registrations.remove(callee, registration)) {
      throw new Failure(`Cannot unregister: this session has no registration ${registration}`, {
        source: "client",
        uri: ErrorUri.noSuchRegistration,
      });
    }
    send(callee, [MessageType.UNREGISTERED, request]);
  }

  call(caller: RealmSession, message: Incoming): void {
    const request = message.id(1);
    const options = message.dict(2);
    const procedure = message.uri(3);
    const payload = message.payload(4);
    if (this.#calls.ofCaller(caller, request) !== undefined) {
      throw violation(`Cannot accept CALL ${request}: a call with this id is pending`);
    }
    caller.role.demand("call", procedure);
    if (procedure.startsWith("wamp.")) {
      this.#callMetaProcedure(caller, request, procedure, message);
      return;
    }
    if (this.#calls.countOfCaller(caller) >= MAX_CALLS_PER_CALLER) {
      throw new Failure(`Cannot call "${procedure}": too many calls of this session are pending`, {
        source: "client",
        uri: ErrorUri.unavailable,
      });
    }
    this.#invoke(caller, { request, options, procedure, payload });
  }

  /** Sends the INVOCATION for a call that is permitted. */
  #invoke(caller: RealmSession, { request, options, procedure, payload }: Call): void {
    const [registration, callee] = this.#find(procedure);
    const invocation = callee.nextRequestId();
    const receivesProgress =
      options["receive_progress"] === true && callee.calleeFeatures.progressiveCallResults;
    const details: Dict = {
      ...(registration.match === "exact" ? {} : { procedure }),
      ...(receivesProgress ? { receive_progress: true } : {}),
      ...(discloses(caller, procedure, options) ? callerDetails(caller) : {}),
    };
    const head = [MessageType.INVOCATION, invocation, registration.id, details];
    const invocationMessage = messageFor(callee, head, payload);
    const pending: PendingCall = {
      caller,
      request,
      callee,
      invocation,
      procedure,
      receivesProgress,
      timer: undefined,
    };
    this.#calls.add(pending);
    this.#startTimeout(pending, options["timeout"]);
    callee.send(invocationMessage);
  }

  cancel(caller: RealmSession, message: Incoming): void {
    const call = this.#calls.ofCaller(caller, message.id(1));
    const mode = message.dict(2)["mode"] ?? "killnowait";
    if (mode !== "skip" && mode !== "kill" && mode !== "killnowait") {
      throw violation("Cannot read CANCEL: mode is no cancel mode");
    }
    // The result and the CANCEL may have crossed.
    if (call === undefined) return;
    if (mode === "kill" && call.callee.calleeFeatures.callCanceling) {
      interrupt(call, "kill", ErrorUri.canceled);
      return;
    }
    this.#end(call, ErrorUri.canceled, "The call was canceled by its caller");
    if (mode !== "skip") interrupt(call, "killnowait", ErrorUri.canceled);
  }

  yield(callee: RealmSession, message: Incoming): void {
    const invocation = message.id(1);
    const progress = message.dict(2)["progress"] === true;
    const payload = message.payload(3);
    const call = this.#calls.ofCallee(callee, invocation);
    if (call === undefined) {
      this.#log.debug("result dropped", { session: callee.id, invocation });
      return;
    }
    if (progress && !call.receivesProgress) {
      this.#log.debug("progressive result dropped", { session: callee.id, invocation });
      return;
    }
    const details = progress ? { progress: true } : {};
    if (!progress) this.#calls.remove(call);
    this.#answer(call, [MessageType.RESULT, call.request, details], payload);
  }

  /** An ERROR of a callee about its INVOCATION. */
  error(callee: RealmSession, message: Incoming): void {
    const type = message.code(1);
    if (type !== MessageType.INVOCATION) {
      throw violation("Cannot accept ERROR: a client sends it for INVOCATION only");
    }
    const invocation = message.id(2);
    message.dict(3);
    const uri = message.uri(4);
    const payload = message.payload(5);
    const call = this.#calls.ofCallee(callee, invocation);
    if (call === undefined) {
      this.#log.debug("error of a callee dropped", { session: callee.id, invocation });
      return;
    }
    this.#calls.remove(call);
    this.#answer(call, [MessageType.ERROR, MessageType.CALL, call.request, {}, uri], payload);
  }

  leave(session: RealmSession): void {
    this.#registrations.removeAll(session);
    for (const call of this.#calls.allOfCaller(session)) {
      this.#calls.remove(call);
      if (call.callee !== session) interrupt(call, "killnowait", ErrorUri.canceled);
    }
    for (const call of this.#calls.allOfCallee(session)) {
      this.#end(call, ErrorUri.canceled, "The callee left before it answered");
    }
  }

  #callMetaProcedure(
    caller: RealmSession,
    request: number,
    procedure: string,
    message: Incoming,
  ): void {
    const answer = this.#metaProcedures(procedure, () => message.args(4));
    if (answer === undefined) throw noSuchProcedure(procedure);
    send(caller, [MessageType.RESULT, request, {}, answer.result]);
  }

  #find(procedure: string): [Registration, RealmSession] {
    for (const registration of this.#registrations.matches(procedure)) {
      // A pattern may match procedures that the role of its callee may not register.
      const callee = chooseCallee(
        registration,
        ({ role }) => registration.match === "exact" || role.allows("register", procedure),
      );
      if (callee !== undefined) return [registration, callee];
    }
    throw noSuchProcedure(procedure);
  }

  #startTimeout(call: PendingCall, timeout: unknown): void {
    if (typeof timeout !== "number" || !(timeout > 0)) return;
    call.timer = setTimeout(
      () => {
        this.#end(call, ErrorUri.timeout, `The call took longer than ${timeout} ms`);
        interrupt(call, "killnowait", ErrorUri.timeout);
      },
      Math.min(timeout, MAX_TIMEOUT_MS),
    );
  }

  /** Sends a callee's answer to the caller, or an ERROR when the caller cannot receive it. */
  #answer(call: PendingCall, head: readonly unknown[], payload: Payload): void {
    try {
      call.caller.send(messageFor(call.caller, head, payload));
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      const stillPending = this.#calls.ofCaller(call.caller, call.request) === call;
      this.#end(call, thrown.uri ?? ErrorUri.invalidArgument, thrown.message);
      if (stillPending) interrupt(call, "killnowait", ErrorUri.canceled);
    }
  }

  #end(call: PendingCall, uri: string, sentence: string): void {
    this.#calls.remove(call);
    sendError(call.caller, MessageType.CALL, call.request, uri, sentence);
  }
}

/** Sends INTERRUPT to a callee that announced `call_canceling`. */
function interrupt(call: PendingCall, mode: "kill" | "killnowait", reason: string): void {
  if (!call.callee.calleeFeatures.callCanceling) return;
  send(call.callee, [MessageType.INTERRUPT, call.invocation, { mode, reason }]);
}

function discloses(caller: RealmSession, procedure: string, options: Dict): boolean {
  return options["disclose_me"] === true || caller.role.discloses("caller", procedure);
}

function callerDetails(caller: RealmSession): Dict {
  return {
    caller: caller.id,
    caller_authid: caller.identity.authid,
    caller_authrole: caller.identity.authrole,
  };
}

function noSuchProcedure(procedure: string): Failure {
  return new Failure(`Cannot call "${procedure}": no callee has registered it`, {
    source: "client",
    uri: ErrorUri.noSuchProcedure,
  });
}
