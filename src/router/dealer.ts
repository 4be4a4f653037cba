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
import { NO_ENTRIES } from "#wamp/serializer/write-value.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { Busy, chooseCallee, isBusy } from "./callee-choice.ts";
import type { DealerCluster } from "./cluster-links.ts";
import { type Dict, type Incoming, isRefusal, type RoutedPayload, violation } from "./incoming.ts";
import {
  ERROR_DETAILS,
  type InvokePolicy,
  type OptionsOf,
  type PassthruOptions,
  passthruDetails,
  readOptions,
  refuseUnannouncedPassthru,
  YIELD_OPTIONS,
} from "./message-options.ts";
import type { MetaObserver } from "./meta-observer.ts";
import { messageFor, send, sendAnswer, sendError } from "./outgoing.ts";
import { type PendingCall, PendingCalls } from "./pending-calls.ts";
import type { RealmSession } from "./realm-session.ts";
import {
  type Added,
  type Endpoint,
  hasCallee,
  noSuchProcedure,
  type Registration,
  RegistrationMap,
} from "./registration-map.ts";
import type { CallRequest, EndRequest, RegisterRequest } from "./requests.ts";
import type { Authorization } from "./role.ts";
import type { MatchPolicy } from "./uri-match.ts";

/** Most pending calls of one caller; a further call is answered with `wamp.error.unavailable`. */
const MAX_CALLS_PER_CALLER = 65_536;

/** Why a callee loses its registration to one that forces it. */
const UNREGISTERED = "wamp.error.unregistered";

/** Longest delay of a JavaScript timer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** How long calls may take, in milliseconds; 0: any time. */
export interface CallTimeLimits {
  /** For calls that do not say. */
  readonly default: number;
  /** For all calls. */
  readonly most: number;
}

/** What becomes of a call that its caller cancels. */
type CancelMode = "skip" | "kill" | "killnowait";

/** Keeps registrations, sends calls to their callees and results to the callers. */
export class Dealer {
  readonly registrations = new RegistrationMap();
  timeLimits: CallTimeLimits = { default: 0, most: 0 };
  /** Chooses the callee of a call; in a cluster it may be on another worker. */
  choose = chooseCallee;
  /** Undefined: no other worker has the realm. */
  cluster: DealerCluster | undefined;
  readonly #log: Logger;
  readonly #meta: MetaObserver;
  readonly #calls = new PendingCalls();

  constructor(log: Logger, meta: MetaObserver) {
    this.#log = log;
    this.#meta = meta;
  }

  register(callee: RealmSession, { id, options, uri, match }: RegisterRequest): void {
    const { invoke = "single", concurrency, forward_timeout, force_reregister } = options;
    const handlesTimeout = forward_timeout === true && callee.features.callTimeout;
    if (force_reregister === true) this.#revokeOthers(callee, uri, match, invoke);
    const wanted = { concurrency, handlesTimeout };
    const created = this.cluster?.createdAt(uri, match);
    let added: Added;
    try {
      added = this.registrations.add(callee, uri, match, invoke, wanted, created);
    } catch (thrown) {
      this.cluster?.unregistered(callee, { uri, match, invoke });
      throw thrown;
    }
    this.cluster?.registered(added.registration);
    send(callee, [MessageType.REGISTERED, id, added.registration.id]);
    if (!added.isRepeated) this.#meta.registered(callee, added);
  }

  unregister(callee: RealmSession, { id, ended }: EndRequest): void {
    const registration = this.registrations.remove(callee, ended);
    if (registration === undefined) {
      throw new Failure(`Cannot unregister: this session has no registration ${ended}`, {
        source: "client",
        uri: ErrorUri.noSuchRegistration,
      });
    }
    send(callee, [MessageType.UNREGISTERED, id]);
    this.#unregistered(callee, registration);
  }

  /** Takes a procedure from its callees, unless one that registers it again may keep it. */
  #revokeOthers(callee: RealmSession, uri: string, match: MatchPolicy, invoke: InvokePolicy): void {
    const registration = this.registrations.get(uri, match);
    if (registration === undefined) return;
    if (!hasCallee(registration, callee)) this.registrations.refuseTooMany(callee, uri);
    for (const { session } of [...registration.callees]) {
      if (session === callee && registration.invoke === invoke) continue;
      this.revoke(session, registration, UNREGISTERED);
    }
  }

  /** Ends a registration of a callee, which is told if it understands that. */
  revoke(callee: RealmSession, registration: Registration, reason: string | undefined): void {
    if (this.registrations.remove(callee, registration.id) === undefined) return;
    if (callee.features.registrationRevocation) {
      send(callee, [MessageType.UNREGISTERED, 0, { registration: registration.id, reason }]);
    }
    this.#unregistered(callee, registration);
  }

  /** Whether a call of this session with this id waits for its callee. */
  isPending(caller: RealmSession, id: number): boolean {
    return this.#calls.ofCaller(caller, id) !== undefined;
  }

  /** What a CALL with this id does: it continues a call in several messages, perhaps too late, or a call is pending. */
  effectOfCall(caller: RealmSession, id: number): "begins" | "continues" | "isPending" {
    const call = this.#calls.ofCaller(caller, id);
    if (call !== undefined) return call.followUp === undefined ? "isPending" : "continues";
    return this.#calls.isLate(caller, id, false) ? "continues" : "begins";
  }

  /** Whether a call of this session, or one that it performs, waits for its answer. */
  isAwaited(session: RealmSession): boolean {
    return this.#calls.has(session);
  }

  /** The serializers of the sessions that may be called for a procedure. */
  serializersOf(procedure: string): Set<SerializerName> {
    const callees = this.registrations.matches(procedure).flatMap((one) => one.callees);
    const own = callees.filter(({ session }) => session.forward === undefined);
    return new Set(own.map(({ session }) => session.serializer));
  }

  /** The serializer of the session that waits for the answer to an invocation. */
  callerSerializer(callee: RealmSession, invocation: number): SerializerName | undefined {
    return this.#calls.ofCallee(callee, invocation)?.caller.serializer;
  }

  /** Calls a procedure; `isPending` is false for the id of the call. */
  call(caller: RealmSession, request: CallRequest, authorization: Authorization): void {
    const { uri } = request;
    refuseUnannouncedPassthru("CALL", request.options, caller.features.passthru.caller);
    if (uri.startsWith("wamp.")) {
      if (request.options.progress === true) throw unsupported(uri, "calls in several messages");
      this.#meta.call(caller, request);
      return;
    }
    // All callers of another worker are one here; their own worker counts the calls of each.
    if (caller.forward === undefined && this.#calls.countOfCaller(caller) >= MAX_CALLS_PER_CALLER) {
      throw new Failure(`Cannot call "${uri}": too many calls of this session are pending`, {
        source: "client",
        uri: ErrorUri.unavailable,
      });
    }
    this.#invoke(caller, request, authorization);
  }

  /** Sends a further message of a call to its callee; one of a call that has ended is dropped. */
  followUp(caller: RealmSession, { id, options, payload }: CallRequest): void {
    const call = this.#calls.ofCaller(caller, id);
    const isLast = options.progress !== true;
    if (call?.followUp === undefined) {
      this.#calls.isLate(caller, id, isLast);
      return;
    }
    const { registration, details } = call.followUp;
    if (isLast) call.followUp = undefined;
    const sent = isLast ? details : { ...details, progress: true };
    try {
      const head = [MessageType.INVOCATION, call.invocation, registration, sent];
      call.callee.send(messageFor(call.callee, head, payload));
    } catch (thrown) {
      this.#fail(call, thrown);
    }
  }

  /** A message of a call is refused with an ERROR: the call has ended, though more messages may come. */
  abandon(caller: RealmSession, id: number, hasMore: boolean): void {
    const call = this.#calls.ofCaller(caller, id);
    if (call !== undefined) {
      call.followUp = undefined;
      this.#calls.remove(call);
      interrupt(call, "killnowait", ErrorUri.canceled);
    }
    if (hasMore) this.#calls.expectMore(caller, id);
  }

  /** Sends the INVOCATION for a call. */
  #invoke(caller: RealmSession, request: CallRequest, { discloses }: Authorization): void {
    const { id, options, uri: procedure, payload } = request;
    const [registration, endpoint] = this.#find(procedure);
    const { session: callee } = endpoint;
    const isProgress = options.progress === true;
    if (isProgress && !callee.features.takesProgress) {
      throw unsupported(procedure, "calls in several messages");
    }
    const timeout = this.timeoutOf(options.timeout);
    const details = invocationDetails(request, registration, callee, {
      caller: discloses || options.disclose_me === true ? caller : undefined,
      timeout: endpoint.handlesTimeout ? timeout : 0,
    });
    const invocation = callee.lastInvocation + 1;
    const sent = isProgress ? { ...details, progress: true } : details;
    const head = [MessageType.INVOCATION, invocation, registration.id, sent];
    // A message that cannot be sent uses up neither the id nor the turn.
    const message = messageFor(callee, head, payload);
    callee.lastInvocation = invocation;
    registration.turn += 1;
    const pending: PendingCall = {
      caller,
      request: id,
      callee,
      endpoint,
      invocation,
      procedure,
      receivesProgress: options.receive_progress === true,
      followUp: isProgress ? { registration: registration.id, details } : undefined,
      timer: undefined,
      isInterrupted: false,
    };
    this.#calls.add(pending);
    this.#startTimeout(pending, endpoint.handlesTimeout ? this.timeLimits.most : timeout);
    callee.send(message);
  }

  /**
   * Sends the INVOCATION for a call of another worker, which has chosen the callee, made the details, and limits the time.
   *
   * @throws Failure when it cannot be sent, or the callee performs as many calls as it may.
   */
  perform(
    caller: RealmSession,
    request: number,
    [registration, endpoint]: [Registration, Endpoint],
    details: Dict,
    payload: RoutedPayload,
  ): void {
    const { session: callee } = endpoint;
    if (isBusy(endpoint)) throw new Busy(registration.uri, registration);
    const invocation = callee.lastInvocation + 1;
    const head = [MessageType.INVOCATION, invocation, registration.id, details];
    const message = messageFor(callee, head, payload);
    callee.lastInvocation = invocation;
    const { progress, ...common } = details;
    this.#calls.add({
      caller,
      request,
      callee,
      endpoint,
      invocation,
      procedure: registration.uri,
      receivesProgress: details["receive_progress"] === true,
      followUp: progress === true ? { registration: registration.id, details: common } : undefined,
      timer: undefined,
      isInterrupted: false,
    });
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
    this.#cancel(call, mode, ErrorUri.canceled);
  }

  /** Cancels a call of another worker, whose caller, or whose time limit there, says why. */
  interrupt(caller: RealmSession, request: number, mode: CancelMode, reason: string): void {
    const call = this.#calls.ofCaller(caller, request);
    if (call !== undefined) this.#cancel(call, mode, reason);
  }

  #cancel(call: PendingCall, mode: CancelMode, reason: string): void {
    if (mode === "kill" && call.callee.features.callCanceling) {
      interrupt(call, "kill", reason);
      return;
    }
    this.#end(call, ErrorUri.canceled, "The call was canceled by its caller");
    if (mode !== "skip") interrupt(call, "killnowait", reason);
    // The worker of the callee has the call, too; it tells the callee nothing.
    else if (call.callee.forward !== undefined) interrupt(call, "skip", reason);
  }

  yield(callee: RealmSession, message: Incoming): void {
    const invocation = message.id(1);
    const call = this.#calls.ofCallee(callee, invocation);
    if (call === undefined) {
      message.payload(3, message.dict(2)["enc_algo"] !== undefined);
      this.#lateAnswer(callee, message.type, invocation);
      return;
    }
    try {
      const options = readOptions(message, 2, YIELD_OPTIONS);
      const payload = message.payload(3, options.enc_algo !== undefined);
      this.#result(call, options, payload);
    } catch (thrown) {
      this.#fail(call, thrown);
    }
  }

  /** Sends a RESULT. */
  #result(
    call: PendingCall,
    options: OptionsOf<typeof YIELD_OPTIONS>,
    payload: RoutedPayload,
  ): void {
    const isProgress = options.progress === true;
    if (isProgress && !call.receivesProgress) {
      const reason = "a progressive result, for which its caller did not ask";
      call.callee.leftOut.add(MessageType.YIELD, reason);
      return;
    }
    refuseUnannouncedPassthru("YIELD", options, call.callee.features.passthru.callee);
    if (options.ppt_scheme !== undefined && !call.caller.features.passthru.caller) {
      throw unsupported(call.procedure, "results in payload passthru mode");
    }
    const passthru = passthruDetails(options) ?? NO_ENTRIES;
    const details = isProgress ? { progress: true, ...passthru } : passthru;
    if (!isProgress) this.#calls.remove(call);
    const head = [MessageType.RESULT, call.request, details];
    sendAnswer(call.caller, head, payload);
  }

  /** An ERROR of a callee about its INVOCATION. */
  error(callee: RealmSession, message: Incoming): void {
    const type = message.code(1);
    if (type !== MessageType.INVOCATION) {
      throw violation("Cannot accept ERROR: a client sends it for INVOCATION only");
    }
    const invocation = message.id(2);
    const passthru = readErrorDetails(message);
    const uri = errorUriOf(message);
    const payload = message.payload(5, passthru.enc_algo !== undefined);
    const call = this.#calls.ofCallee(callee, invocation);
    if (call === undefined) {
      this.#lateAnswer(callee, message.type, invocation);
      return;
    }
    this.#calls.remove(call);
    const details = passthruDetails(passthru) ?? {};
    const head = [MessageType.ERROR, MessageType.CALL, call.request, details, uri];
    try {
      sendAnswer(call.caller, head, payload);
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
    const registrations = this.registrations.removeAll(session);
    this.lose(session);
    for (const registration of registrations) this.#unregistered(session, registration);
  }

  /** Ends the calls of a session that is over, or of another worker that is lost, and those that it performs. */
  lose(session: RealmSession): void {
    for (const call of this.#calls.allOfCaller(session)) {
      this.#calls.remove(call);
      if (call.callee !== session) interrupt(call, "killnowait", ErrorUri.canceled);
    }
    for (const call of this.#calls.allOfCallee(session)) {
      this.#end(call, ErrorUri.canceled, "The callee left before it answered");
    }
    this.#calls.forget(session);
  }

  #unregistered(session: RealmSession, registration: Registration): void {
    this.#meta.unregistered(session, registration);
    this.cluster?.unregistered(session, registration);
  }

  #find(procedure: string): [Registration, Endpoint] {
    const exact = this.registrations.get(procedure, "exact");
    const found = exact && this.#endpointOf(exact, procedure);
    if (found !== undefined) return found;
    for (const registration of this.registrations.patterns(procedure)) {
      const other = this.#endpointOf(registration, procedure);
      if (other !== undefined) return other;
    }
    throw noSuchProcedure(procedure);
  }

  /**
   * A registration and the callee for a call; undefined: it has none that may be called.
   *
   * @throws Failure when those that may be are busy.
   */
  #endpointOf(registration: Registration, procedure: string): [Registration, Endpoint] | undefined {
    const callee = this.choose(registration, procedure);
    if (callee === "busy") throw new Busy(procedure, registration);
    return callee && [registration, callee];
  }

  /** The time for a call; 0: any. */
  timeoutOf(asked: number | undefined): number {
    const { default: unasked, most } = this.timeLimits;
    const timeout = asked ?? unasked;
    return most > 0 ? Math.min(timeout || most, most) : timeout;
  }

  #startTimeout(call: PendingCall, timeout: number): void {
    if (timeout === 0) return;
    call.timer = setTimeout(this.#onTimeout, Math.min(timeout, MAX_TIMEOUT_MS), call, timeout);
  }

  readonly #onTimeout = (call: PendingCall, timeout: number): void => {
    this.#end(call, ErrorUri.timeout, `The call took longer than ${timeout} ms`);
    interrupt(call, "killnowait", ErrorUri.timeout);
  };

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

/** Sends INTERRUPT to a callee that announced `call_canceling`, once: it may forget the invocation then. `skip` is for workers. */
function interrupt(call: PendingCall, mode: CancelMode, reason: string): void {
  if (call.isInterrupted || !call.callee.features.callCanceling) return;
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

/** INVOCATION.Details. `caller`: undefined if it stays unknown; `timeout`: 0 if the callee is told none. */
function invocationDetails(
  { uri: procedure, options }: CallRequest,
  { match }: Registration,
  callee: RealmSession,
  { caller, timeout }: { caller: RealmSession | undefined; timeout: number },
): Dict {
  if (options.ppt_scheme !== undefined && !callee.features.passthru.callee) {
    throw unsupported(procedure, "payload passthru mode");
  }
  const passthru = passthruDetails(options) ?? NO_ENTRIES;
  // As in Crossbar, the callee need not have announced progressive results.
  const isProgressive = options.receive_progress === true;
  const isUsual = match === "exact" && !isProgressive && caller === undefined && timeout === 0;
  if (isUsual) return passthru;
  return {
    ...(match === "exact" ? {} : { procedure }),
    ...(isProgressive ? { receive_progress: true } : {}),
    ...passthru,
    ...(caller === undefined ? {} : callerDetails(caller)),
    ...(timeout > 0 ? { timeout } : {}),
  };
}

function readErrorDetails(message: Incoming): PassthruOptions {
  try {
    return readOptions(message, 3, ERROR_DETAILS);
  } catch (thrown) {
    throw isRefusal(thrown) ? violation(thrown.message) : thrown;
  }
}

function unsupported(procedure: string, feature: string): Failure {
  return new Failure(`Cannot call "${procedure}": the other side does not support ${feature}`, {
    source: "client",
    uri: ErrorUri.featureNotSupported,
  });
}
