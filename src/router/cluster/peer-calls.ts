/**
 * PeerCalls: calls between the workers of a realm.
 *
 *     invoke      [call, session, registration, details, serializer, items, procedure]    for a callee that the sender has chosen
 *     call        [call, procedure, details, serializer, items]    for the owner of a registration, which chooses
 *     interrupt   [call, mode, reason]
 *     answer      [call, YIELD, options, serializer, items]   [call, ERROR, details, serializer, items, uri]
 *     returned    []                                           the sender was lost, and all of its calls have ended
 *
 * Each call that is sent is answered, unless one of both workers is lost, which ends all calls between them. To the
 * dealer of the caller the callee is a stand-in, and so is the caller to the dealer of the callee.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import type { Logger } from "#observe/logger.ts";
import { chooseCallee, isShared } from "#router/callee-choice.ts";
import type { Dealer } from "#router/dealer.ts";
import { type Dict, Incoming, type RoutedPayload } from "#router/incoming.ts";
import { LeftOutMessages } from "#router/left-out-messages.ts";
import { payloadOf } from "#router/outgoing.ts";
import type { Endpoint, Registration } from "#router/registration-map.ts";
import type { CallRequest } from "#router/requests.ts";
import type { Role } from "#router/role.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import { UnserializedMessage } from "#wamp/transcode/unserialized-message.ts";
import type { ClusterTable } from "./cluster-table.ts";
import { readPayload } from "./event-message.ts";
import { PeerKind, type PeerMessages } from "./peer-messages.ts";
import type { CalleeRecord } from "./registration-record.ts";
import { OWNER_FEATURES, RemoteCallee } from "./remote-callee.ts";
import { RemoteCaller } from "./remote-caller.ts";

/** What the calls need of their realm. */
export interface PeerCallsParts {
  readonly realm: string;
  readonly table: ClusterTable;
  readonly peers: PeerMessages;
  readonly dealer: Dealer;
  readonly prefersLocal: boolean;
  readonly log: Logger;
  /** The role of a callee. */
  role(name: string): Role;
}

const NO_PAYLOAD: Payload = { serializer: "cbor", items: [] };

/** Sends the calls of one realm to other workers, and performs theirs. */
export class PeerCalls {
  lastCall = 0;
  readonly #parts: PeerCallsParts;
  /** Calls that have been sent to other workers, and not been answered. */
  readonly #sent = new Map<number, RemoteCallee>();
  /** By session. */
  readonly #callees = new Map<number, RemoteCallee>();
  /** By member. */
  readonly #callers = new Map<string, RemoteCaller>();
  readonly #owners = new WeakMap<Registration, Endpoint & { readonly session: RemoteCallee }>();
  /** Whether a call is chosen for that another worker has sent to this one as the owner. */
  #isOwner = false;

  constructor(parts: PeerCallsParts) {
    this.#parts = parts;
    const { peers, table } = parts;
    peers.on(PeerKind.invoke, (from, message) => this.#onInvoke(from, message));
    peers.on(PeerKind.call, (from, message) => this.#onCall(from, message));
    peers.on(PeerKind.interrupt, (from, message) => this.#onInterrupt(from, message));
    peers.on(PeerKind.answer, (_, message) => this.#onAnswer(message));
    peers.on(PeerKind.returned, (from) => this.#lose(from));
    table.observe({
      gone: (member) => {
        this.#lose(member);
        for (const [id, one] of this.#callees) if (one.member === member) this.#callees.delete(id);
      },
      apart: () => {
        for (const member of this.#others()) this.#lose(member);
      },
      current: () => peers.sendAll(PeerKind.returned, []),
    });
  }

  /** The stand-in for a callee of another worker, one for each session. */
  standIn({ member, session: id, authrole, features }: CalleeRecord): RemoteCallee {
    const known = this.#callees.get(id);
    if (known !== undefined) return known;
    const identity = { ...this.#nobody(), authrole };
    const role = this.#parts.role(authrole);
    const leftOut = this.#leftOut(id, member);
    const callee = new RemoteCallee({
      member,
      id,
      identity,
      role,
      features,
      leftOut,
      forwarder: this,
    });
    this.#callees.set(id, callee);
    return callee;
  }

  /** A callee of another worker has no registration any more; the answers to its calls still come. */
  forget(callee: RemoteCallee): void {
    this.#callees.delete(callee.id);
  }

  /** Chooses the callee of a call, or the worker that does. */
  readonly choose = (
    registration: Registration,
    procedure: string,
  ): Endpoint | "busy" | undefined => {
    const { callees, invoke } = registration;
    if (callees.every(isLocal)) return chooseCallee(registration, procedure);
    const { table, prefersLocal } = this.#parts;
    const isCounted = callees.some(({ concurrency }) => concurrency !== undefined);
    if (!table.isCurrent || (prefersLocal && isShared(registration) && !isCounted)) {
      const own = chooseCallee({ ...registration, callees: callees.filter(isLocal) }, procedure);
      if (own !== undefined) return own;
      if (!table.isCurrent) throw apart(procedure);
    }
    const isTurned = invoke === "roundrobin" || invoke === "least_loaded";
    if ((!isTurned && !isCounted) || this.#isOwner) return chooseCallee(registration, procedure);
    const owner = callees[0]?.session;
    return owner instanceof RemoteCallee
      ? this.#ownerOf(registration, owner.member)
      : chooseCallee(registration, procedure);
  };

  /** Sends what the dealer has for a callee of another worker. */
  forward(
    callee: RemoteCallee,
    head: readonly unknown[],
    { serializer, items }: RoutedPayload = NO_PAYLOAD,
  ): void {
    const { peers } = this.#parts;
    const [type, call, third, fourth] = head;
    if (type === MessageType.INTERRUPT) {
      const { mode, reason } = asRecord(third);
      this.#sendQuietly(callee.member, PeerKind.interrupt, [call, mode, reason]);
    }
    if (type !== MessageType.INVOCATION) return;
    const details = asRecord(fourth);
    if (callee.owned === undefined) {
      const procedure =
        details["procedure"] ?? this.#parts.dealer.registrations.byId(Number(third))?.uri;
      const list = [call, callee.id, third, details, serializer, items, procedure];
      peers.send(callee.member, PeerKind.invoke, list);
    } else {
      const procedure = details["procedure"] ?? callee.owned.uri;
      peers.send(callee.member, PeerKind.call, [call, procedure, details, serializer, items]);
    }
    this.#sent.set(Number(call), callee);
  }

  #onInvoke(from: string, message: unknown[]): void {
    const [call, session, id, details, serializer, items, procedure] = message;
    const { dealer } = this.#parts;
    const request = Number(call);
    const caller = this.#callerOf(from);
    const payload = readPayload(serializer, items);
    const registration = dealer.registrations.byId(Number(id));
    const endpoint = registration?.callees.find((one) => one.session.id === session);
    this.#answerFailure(caller, request, () => {
      if (dealer.effectOfCall(caller, request) === "continues") {
        dealer.followUp(caller, callRequest(request, "", asRecord(details), payload));
      } else if (registration === undefined || endpoint === undefined || !isLocal(endpoint)) {
        // It was unregistered while the call was on its way. Another callee may perform it.
        const { table } = this.#parts;
        const goOn = () => this.#onCall(from, [call, procedure, details, serializer, items]);
        const failed = (thrown: unknown) => {
          const sentence = `Cannot perform the call: ${sentenceOf(thrown)}`;
          this.#answerFailure(caller, request, () => {
            throw new Failure(sentence, { source: "internal" });
          });
        };
        void table.caughtUp().then(goOn, goOn).catch(failed);
      } else {
        dealer.perform(caller, request, [registration, endpoint], asRecord(details), payload);
      }
    });
  }

  #onCall(from: string, [call, procedure, given, serializer, items]: unknown[]): void {
    const { dealer } = this.#parts;
    const request = Number(call);
    const caller = this.#callerOf(from);
    const payload = readPayload(serializer, items);
    const {
      caller: id,
      caller_authid,
      caller_authrole,
      procedure: _,
      ...details
    } = asRecord(given);
    const discloses = typeof id === "number";
    caller.id = discloses ? id : 0;
    const [authid, authrole] = [String(caller_authid), String(caller_authrole)];
    caller.identity = { ...caller.identity, authid, authrole };
    const asked = callRequest(request, String(procedure), details, payload);
    this.#isOwner = true;
    try {
      this.#answerFailure(caller, request, () => {
        if (dealer.effectOfCall(caller, request) === "continues") dealer.followUp(caller, asked);
        else dealer.call(caller, asked, { discloses });
      });
    } finally {
      this.#isOwner = false;
    }
  }

  #onInterrupt(from: string, [call, mode, reason]: unknown[]): void {
    const caller = this.#callers.get(from);
    if (caller === undefined) return;
    const asked = mode === "kill" || mode === "skip" ? mode : "killnowait";
    this.#parts.dealer.interrupt(caller, Number(call), asked, String(reason));
  }

  #onAnswer(answer: unknown[]): void {
    const call = Number(answer[0]);
    const callee = this.#sent.get(call);
    if (callee === undefined) return;
    try {
      this.#takeAnswer(callee, call, answer);
    } catch (thrown) {
      // No other answer comes.
      this.#sent.delete(call);
      const { log, dealer } = this.#parts;
      log.warn("cluster message not read", { member: callee.member, reason: sentenceOf(thrown) });
      const head = [MessageType.ERROR, MessageType.INVOCATION, call, {}, ErrorUri.internalError];
      dealer.error(callee, incomingOf(head, NO_PAYLOAD));
    }
  }

  #takeAnswer(
    callee: RemoteCallee,
    call: number,
    [, type, details, serializer, items, uri]: unknown[],
  ): void {
    const payload = readPayload(serializer, items);
    const isYield = type === MessageType.YIELD;
    const { dealer } = this.#parts;
    if (!isYield || asRecord(details)["progress"] !== true) this.#sent.delete(call);
    if (isYield) dealer.yield(callee, incomingOf([type, call, details], payload));
    else {
      const head = [MessageType.ERROR, MessageType.INVOCATION, call, details, uri];
      dealer.error(callee, incomingOf(head, payload));
    }
  }

  /** What the dealer has for the callers of another worker: RESULT and ERROR. */
  #answer(member: string, head: readonly unknown[], payload: RoutedPayload | undefined): void {
    if (head[0] === MessageType.RESULT) {
      const [, call, details] = head;
      const { serializer, items } = payload ?? NO_PAYLOAD;
      const list = [call, MessageType.YIELD, details, serializer, items];
      this.#sendAnswer(member, list);
      return;
    }
    const [, , call, details, uri, args] = head;
    const { serializer, items } = payload ?? (Array.isArray(args) ? payloadOf(args) : NO_PAYLOAD);
    this.#sendAnswer(member, [call, MessageType.ERROR, details, serializer, items, uri]);
  }

  /** Of an answer that cannot be sent, the caller learns so by a short one, for which there is room. */
  #sendAnswer(member: string, list: readonly unknown[]): void {
    if (this.#sendQuietly(member, PeerKind.answer, list)) return;
    const { serializer, items } = NO_PAYLOAD;
    const short = [list[0], MessageType.ERROR, {}, serializer, items, ErrorUri.unavailable];
    this.#sendQuietly(member, PeerKind.answer, short);
  }

  /** False: too much waits; or the worker cannot be reached, which ends the call as one of both is lost. */
  #sendQuietly(
    member: string,
    kind: Parameters<PeerMessages["send"]>[1],
    list: readonly unknown[],
  ): boolean {
    try {
      this.#parts.peers.send(member, kind, list);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.#parts.log.debug("cluster message not sent", { member, reason: thrown.message });
      return false;
    }
  }

  #answerFailure(caller: RemoteCaller, request: number, action: () => void): void {
    try {
      action();
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      const uri = thrown.uri ?? ErrorUri.internalError;
      caller.forward(
        [MessageType.ERROR, MessageType.CALL, request, {}, uri, [thrown.message]],
        undefined,
      );
    }
  }

  /** A worker is lost, or this one is for it: the calls between them end. */
  #lose(member: string): void {
    const { dealer } = this.#parts;
    const callees = new Set([...this.#sent.values()].filter((one) => one.member === member));
    for (const [call, callee] of this.#sent) if (callees.has(callee)) this.#sent.delete(call);
    for (const callee of callees) dealer.lose(callee);
    const caller = this.#callers.get(member);
    this.#callers.delete(member);
    if (caller !== undefined) dealer.lose(caller);
  }

  #others(): Set<string> {
    const performing = [...this.#sent.values()].map(({ member }) => member);
    return new Set([...performing, ...this.#callers.keys()]);
  }

  #callerOf(member: string): RemoteCaller {
    const known = this.#callers.get(member);
    if (known !== undefined) return known;
    const answer = (head: readonly unknown[], payload: RoutedPayload | undefined) =>
      this.#answer(member, head, payload);
    const caller = new RemoteCaller(this.#nobody(), this.#leftOut(0, member), answer);
    this.#callers.set(member, caller);
    return caller;
  }

  #ownerOf(registration: Registration, member: string): Endpoint {
    const known = this.#owners.get(registration);
    if (known?.session.member === member) return known;
    const session = new RemoteCallee({
      member,
      id: 0,
      identity: this.#nobody(),
      role: this.#parts.role(""),
      features: OWNER_FEATURES,
      leftOut: this.#leftOut(0, member),
      forwarder: this,
      owned: registration,
    });
    const free = { concurrency: undefined, handlesTimeout: true, pending: 0 };
    const endpoint = { registration, session, ...free };
    this.#owners.set(registration, endpoint);
    return endpoint;
  }

  #nobody() {
    const { realm } = this.#parts;
    return { realm, authid: "", authrole: "", authmethod: "", authprovider: "", authextra: {} };
  }

  #leftOut(session: number, member: string): LeftOutMessages {
    const { realm, log } = this.#parts;
    return new LeftOutMessages(log, { session, realm, member });
  }
}

function isLocal({ session }: Endpoint): boolean {
  return session.forward === undefined;
}

function incomingOf(head: readonly unknown[], payload: Payload): Incoming {
  const message = new UnserializedMessage([...head], payload, payload.serializer);
  return new Incoming(message, payload.serializer);
}

function callRequest(id: number, uri: string, options: Dict, payload: Payload): CallRequest {
  return {
    type: MessageType.CALL,
    id,
    action: "call",
    options: options as CallRequest["options"],
    uri,
    match: "exact",
    payload,
  };
}

function apart(procedure: string): Failure {
  const state = "its callees are on other workers, which cannot be reached";
  return new Failure(`Cannot call "${procedure}": ${state}`, {
    source: "router",
    uri: ErrorUri.unavailable,
  });
}
