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
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import {
  argsOf,
  type Dict,
  type Incoming,
  isRefusal,
  type RoutedPayload,
  violation,
} from "./incoming.ts";
import { readOptions, YIELD_OPTIONS } from "./message-options.ts";
import { messageFor, send, sendError } from "./outgoing.ts";
import { type PendingCall, PendingCalls } from "./pending-calls.ts";
import type { RealmSession } from "./realm-session.ts";
import { chooseCallee, type Registration, RegistrationMap } from "./registration-map.ts";
import type { CallRequest, EndRequest, RegisterRequest } from "./requests.ts";
import type { Authorization } from "./role.ts";

/** Most pending calls of one caller; a further call is answered with `wamp.error.unavailable`. */
const MAX_CALLS_PER_CALLER = 65_536;

/** Longest delay of a JavaScript timer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Answers a meta procedure; undefined: the router has none with this name. */
export type MetaProcedures = (
  procedure: string,
  args: () => readonly unknown[],
) => { result: readonly unknown[] } | undefined;

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

  register(callee: RealmSession, { id, options, uri, match }: RegisterRequest): void {
    const invoke = options.invoke ?? "single";
    const registration = this.#registrations.add(callee, uri, match, invoke);
    send(callee, [MessageType.REGISTERED, id, registration.id]);
  }

  unregister(callee: RealmSession, { id, ended }: EndRequest): void {
    if (!this.#registrations.remove(callee, ended)) {
      throw new Failure(`Cannot unregister: this session has no registration ${ended}`, {
        source: "client",
        uri: ErrorUri.noSuchRegistration,
      });
    }
    send(callee, [MessageType.UNREGISTERED, id]);
  }

  /** Whether a call of this session with this id waits for its callee. */
  isPending(caller: RealmSession, id: number): boolean {
    return this.#calls.ofCaller(caller, id) !== undefined;
  }

  /** Whether a call of this session, or one that it performs, waits for its answer. */
  isAwaited(session: RealmSession): boolean {
    return this.#calls.has(session);
  }

  /** The serializers of the sessions that may be called for a procedure. */
  serializersOf(procedure: string): Set<SerializerName> {
    const callees = this.#registrations.matches(procedure).flatMap((one) => one.callees);
    return new Set(callees.map(({ serializer }) => serializer));
  }

  /** The serializer of the session that waits for the answer to an invocation. */
  callerSerializer(callee: RealmSession, invocation: number): SerializerName | undefined {
    return this.#calls.ofCallee(callee, invocation)?.caller.serializer;
  }

  /** Calls a procedure; `isPending` is false for the id of the call. */
  call(caller: RealmSession, request: CallRequest, authorization: Authorization): void {
    const { uri } = request;
    if (uri.startsWith("wamp.")) {
      this.#callMetaProcedure(caller, request);
      return;
    }
    if (this.#calls.countOfCaller(caller) >= MAX_CALLS_PER_CALLER) {
      throw new Failure(`Cannot call "${uri}": too many calls of this session are pending`, {
        source: "client",
        uri: ErrorUri.unavailable,
      });
    }
    this.#invoke(caller, request, authorization);
  }

  /** Sends the INVOCATION for a call. */
  #invoke(caller: RealmSession, request: CallRequest, { discloses }: Authorization): void {
    const { id, options, uri: procedure, payload } = request;
    const [registration, callee] = this.#find(procedure);
    // As in Crossbar, the callee need not have announced progressive results.
    const receivesProgress = options.receive_progress === true;
    const details: Dict = {
      ...(registration.match === "exact" ? {} : { procedure }),
      ...(receivesProgress ? { receive_progress: true } : {}),
      ...(discloses || options.disclose_me === true ? callerDetails(caller) : {}),
    };
    const invocation = callee.lastInvocation + 1;
    const head = [MessageType.INVOCATION, invocation, registration.id, details];
    // A message that cannot be sent uses up neither the id nor the turn.
    const message = messageFor(callee, head, payload);
    callee.lastInvocation = invocation;
    registration.turn += 1;
    const pending: PendingCall = {
      caller,
      request: id,
      callee,
      invocation,
      procedure,
      receivesProgress,
      timer: undefined,
      isInterrupted: false,
    };
    this.#calls.add(pending);
    this.#startTimeout(pending, options.timeout ?? 0);
    callee.send(message);
  }

  cancel(caller: RealmSession, message: Incoming): void {
    const call = this.#calls.ofCaller(caller, message.id(1));
    const mode = message.dict(2)["mode"] ?? "killnowait";
    message.endsBefore(3);
    if (mode !== "skip" && mode !== "kill" && mode !== "killnowait") {
      throw violation("Cannot read CANCEL: mode is no cancel mode");
    }
    if (call === undefined) {
      // The result and the CANCEL may have crossed.
      this.#log.debug("late cancel", { session: caller.id, call: message.id(1) });
      return;
    }
    if (mode === "kill" && call.callee.calleeFeatures.callCanceling) {
      interrupt(call, "kill", ErrorUri.canceled);
      return;
    }
    this.#end(call, ErrorUri.canceled, "The call was canceled by its caller");
    if (mode !== "skip") interrupt(call, "killnowait", ErrorUri.canceled);
  }

  yield(callee: RealmSession, message: Incoming): void {
    const invocation = message.id(1);
    const payload = message.payload(3);
    const call = this.#calls.ofCallee(callee, invocation);
    if (call === undefined) {
      message.dict(2);
      this.#lateAnswer(callee, message.type, invocation);
      return;
    }
    try {
      const progress = readOptions(message, 2, YIELD_OPTIONS).progress === true;
      this.#result(call, progress, payload);
    } catch (thrown) {
      this.#fail(call, thrown);
    }
  }

  /** Sends a RESULT. */
  #result(call: PendingCall, progress: boolean, payload: RoutedPayload): void {
    if (progress && !call.receivesProgress) {
      const reason = "a progressive result, for which its caller did not ask";
      call.callee.leftOut.add(MessageType.YIELD, reason);
      return;
    }
    const details = progress ? { progress: true } : {};
    if (!progress) this.#calls.remove(call);
    const head = [MessageType.RESULT, call.request, details];
    call.caller.send(messageFor(call.caller, head, payload));
  }

  /** An ERROR of a callee about its INVOCATION. */
  error(callee: RealmSession, message: Incoming): void {
    const type = message.code(1);
    if (type !== MessageType.INVOCATION) {
      throw violation("Cannot accept ERROR: a client sends it for INVOCATION only");
    }
    const invocation = message.id(2);
    message.dict(3);
    const uri = errorUriOf(message);
    const payload = message.payload(5);
    const call = this.#calls.ofCallee(callee, invocation);
    if (call === undefined) {
      this.#lateAnswer(callee, message.type, invocation);
      return;
    }
    this.#calls.remove(call);
    const head = [MessageType.ERROR, MessageType.CALL, call.request, {}, uri];
    try {
      call.caller.send(messageFor(call.caller, head, payload));
    } catch (thrown) {
      this.#fail(call, thrown);
    }
  }

  /** An answer to a call that has ended, for example by CANCEL, is no fault of the callee. */
  #lateAnswer(callee: RealmSession, type: number, invocation: number): void {
    if (invocation < 1 || invocation > callee.lastInvocation) {
      callee.leftOut.add(type, `this session was sent no invocation ${invocation}`);
      return;
    }
    const message = messageTypeName(type);
    this.#log.debug("late answer", { session: callee.id, message, invocation });
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

  #callMetaProcedure(caller: RealmSession, { id, uri, payload }: CallRequest): void {
    const answer = this.#metaProcedures(uri, () => argsOf(payload));
    if (answer === undefined) throw noSuchProcedure(uri);
    caller.send(messageFor(caller, [MessageType.RESULT, id, {}, answer.result], undefined));
  }

  #find(procedure: string): [Registration, RealmSession] {
    for (const registration of this.#registrations.matches(procedure)) {
      // A pattern may match procedures that the role of its callee may not register.
      const byPattern = registration.match !== "exact";
      const callee = chooseCallee(registration, ({ role }) =>
        byPattern
          ? role.permitsMatch("register", procedure)
          : role.permitsExact("register", procedure),
      );
      if (callee !== undefined) return [registration, callee];
    }
    throw noSuchProcedure(procedure);
  }

  #startTimeout(call: PendingCall, timeout: number): void {
    if (timeout === 0) return;
    call.timer = setTimeout(
      () => {
        this.#end(call, ErrorUri.timeout, `The call took longer than ${timeout} ms`);
        interrupt(call, "killnowait", ErrorUri.timeout);
      },
      Math.min(timeout, MAX_TIMEOUT_MS),
    );
  }

  /** Ends a call whose answer cannot be read, or not be sent to the caller. */
  #fail(call: PendingCall, thrown: unknown): void {
    if (!isRefusal(thrown)) throw thrown;
    const isPending = this.#calls.ofCaller(call.caller, call.request) === call;
    this.#end(call, thrown.uri ?? ErrorUri.invalidArgument, thrown.message);
    if (isPending) interrupt(call, "killnowait", ErrorUri.canceled);
  }

  #end(call: PendingCall, uri: string, sentence: string): void {
    this.#calls.remove(call);
    sendError(call.caller, MessageType.CALL, call.request, uri, sentence);
  }
}

/** Sends INTERRUPT to a callee that announced `call_canceling`, once: it may forget the invocation then. */
function interrupt(call: PendingCall, mode: "kill" | "killnowait", reason: string): void {
  if (call.isInterrupted || !call.callee.calleeFeatures.callCanceling) return;
  call.isInterrupted = true;
  send(call.callee, [MessageType.INTERRUPT, call.invocation, { mode, reason }]);
}

/** An ERROR is not answered, not even where it is wrong. */
function errorUriOf(message: Incoming): string {
  try {
    return message.uri(4);
  } catch (thrown) {
    throw isRefusal(thrown) ? violation(thrown.message) : thrown;
  }
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
