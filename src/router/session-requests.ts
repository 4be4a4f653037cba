/**
 * The requests of one session: each is authorized, then performed.
 *
 * An authorizer answers later. Meanwhile the requests that follow wait too, so that they are performed
 * in the order in which they came (WAMP specification, section "Ordering Guarantees").
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import type { Broker } from "./broker.ts";
import type { CallQueue } from "./call-queue.ts";
import type { RequestCluster } from "./cluster-links.ts";
import type { Dealer } from "./dealer.ts";
import { type Incoming, isRefusal, violation } from "./incoming.ts";
import { sendError } from "./outgoing.ts";
import type { RealmSession } from "./realm-session.ts";
import { type Request, readRequest, refuseLoose } from "./requests.ts";
import { type Authorization, type PendingAuthorization, UNDISCLOSED } from "./role.ts";
import { waitingMemory } from "./waiting-memory.ts";

/** Most requests of one session that wait. */
const MAX_WAITING = 1_000;

/** What a request that waits holds besides its message, with the question to its authorizer; in octets. */
const WAITING_OCTETS = 5_000;

/** What an octet of options and URI holds once it is read, in the request and in the question. */
const READ_FACTOR = 10;

/** Where requests are performed. */
export interface RequestTarget {
  readonly broker: Broker;
  readonly dealer: Dealer;
  /** Undefined: no other worker has the realm. */
  readonly cluster: RequestCluster | undefined;
  /** Undefined: a call of callees that are busy is refused. */
  readonly callQueue: CallQueue | undefined;
  /** Whether URIs are checked by WAMP's strict rules. */
  readonly checksStrictly: boolean;
}

/** How the requests of a session are handled. */
export interface SessionRequestsOptions {
  /** False: each request is performed as soon as it is authorized. */
  inOrder: boolean;
  /**
   * Reads a long request again if its payload is not in the serializers of its receivers yet; undefined: it is.
   * Absent: no request is long.
   */
  prepare?(request: Request): Promise<Request> | undefined;
  /** Called when a request that waited is refused. */
  onRefused(request: Request, failure: Failure): void;
  /** Called after a protocol violation of a request that waited, or a fault of the program. */
  onFailure(thrown: unknown): void;
}

/** What came of an authorization. */
type Outcome = { authorization: Authorization } | { thrown: unknown };

/** A request that waits for its authorization, or for an earlier request. */
interface Waiting {
  request: Request;
  /** About what it holds. */
  readonly octets: number;
  readonly pending: PendingAuthorization | undefined;
  outcome: Outcome | undefined;
  isPreparing: boolean;
  /** Whether it is a further message of a call, for which the call was authorized. */
  readonly isFollowUp: boolean;
}

/** Shared by all sessions of which no request waits, as of most of them; never changed. */
const NONE_WAITING = new Set<Waiting>();
const NO_CALLS = new Map<number, Waiting>();

/** Authorizes and performs the requests of a session. */
export class SessionRequests {
  readonly #session: RealmSession;
  readonly #target: RequestTarget;
  readonly #options: SessionRequestsOptions;
  /** In the order in which they came. */
  #waiting = NONE_WAITING;
  #waitingCalls = NO_CALLS;
  #waitingOctets = 0;
  #onPerformed: (() => void) | undefined;

  constructor(session: RealmSession, target: RequestTarget, options: SessionRequestsOptions) {
    this.#session = session;
    this.#target = target;
    this.#options = options;
  }

  /** Whether a request is kept. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Performs a request, or keeps it until it is authorized; false: the message is no request.
   *
   * @throws Failure when the request is refused at once.
   */
  accept(message: Incoming): boolean {
    const isFollowUp = message.type === MessageType.CALL && this.isFollowUp(message.id(1));
    try {
      const request = readRequest(message);
      if (request === undefined) return false;
      if (this.#target.checksStrictly && !isFollowUp) refuseLoose(request);
      this.#take(request, isFollowUp, message);
      return true;
    } catch (thrown) {
      if (!isRefusal(thrown) || message.type !== MessageType.CALL) throw thrown;
      const id = message.id(1);
      const hasEnded = isFollowUp && !this.#isOpen(id);
      this.#endCall(id, message.dict(2)["progress"] === true);
      // Its caller has been answered.
      if (hasEnded) return true;
      throw thrown;
    }
  }

  /**
   * Whether a CALL continues a call in several messages.
   *
   * @throws Failure when a call with this id is pending, and its last message has come.
   */
  isFollowUp(id: number): boolean {
    const waiting = this.#waitingCalls.get(id)?.request;
    if (waiting?.type === MessageType.CALL && waiting.options.progress === true) return true;
    const effect =
      waiting === undefined && this.#target.callQueue?.has(this.#session, id) !== true
        ? this.#target.dealer.effectOfCall(this.#session, id)
        : "isPending";
    if (effect === "isPending") {
      throw violation(`Cannot accept CALL ${id}: a call with this id is pending`);
    }
    return effect === "continues";
  }

  /** Ends a call that waits, at the CANCEL of its caller; false: no such call waits. */
  cancel(callId: number): boolean {
    if (this.#target.callQueue?.cancel(this.#session, callId) === true) return true;
    const last = this.#waitingCalls.get(callId);
    // The first message of the call is performed, and later ones are dropped once it has ended.
    if (last === undefined || this.#target.dealer.isPending(this.#session, callId)) return false;
    this.#endRefusedCall(last.request);
    const sentence = "The call was canceled by its caller";
    sendError(this.#session, MessageType.CALL, callId, ErrorUri.canceled, sentence);
    this.#performSettled();
    return true;
  }

  /** Calls back once, when no request is kept any more; never after `stop`. */
  whenPerformed(callback: () => void): void {
    this.#onPerformed = callback;
  }

  /** Drops all requests that wait: the session is over. */
  stop(): void {
    this.#onPerformed = undefined;
    for (const waiting of this.#waiting) {
      const { request, pending } = waiting;
      this.#remove(waiting);
      pending?.cancel();
      if (request.type !== MessageType.PUBLISH || request.options.acknowledge === true) continue;
      this.#session.leftOut.add(request.type, "the session ended before it was authorized");
    }
  }

  #take(request: Request, isFollowUp: boolean, message: Incoming): void {
    const mayWait = this.#waiting.size > 0 || this.#session.role.asksAuthorizer;
    const octets = mayWait ? octetsOf(request, message) : 0;
    if (mayWait) this.#refuseTooMany(request, octets);
    // A call is authorized once, whatever its further messages say.
    const authorization = isFollowUp ? UNDISCLOSED : this.#authorize(request);
    const mustWait = this.#waiting.size > 0 && this.#options.inOrder;
    if (mustWait || "outcome" in authorization) {
      this.#wait(request, octets, authorization, isFollowUp);
    } else this.#perform(request, authorization, isFollowUp);
  }

  #endRefusedCall(request: Request): void {
    if (request.type === MessageType.CALL)
      this.#endCall(request.id, request.options.progress === true);
  }

  /** Whether a call waits, here or for its callee. */
  #isOpen(id: number): boolean {
    return this.#waitingCalls.has(id) || this.#target.dealer.isPending(this.#session, id);
  }

  /** Drops all messages of a call, also those that come later, if there are any: its caller gets one ERROR. */
  #endCall(id: number, hasMore: boolean): void {
    for (const waiting of this.#waitingCalls.has(id) ? this.#waiting : []) {
      const { request, pending } = waiting;
      if (request.type !== MessageType.CALL || request.id !== id) continue;
      this.#remove(waiting);
      pending?.cancel();
    }
    this.#target.dealer.abandon(this.#session, id, hasMore);
  }

  #authorize(request: Request): Authorization | PendingAuthorization {
    if (!("action" in request)) return UNDISCLOSED;
    const authorized = this.#session.role.authorize(this.#session, request);
    const { cluster } = this.#target;
    return cluster === undefined ? authorized : cluster.prepare(this.#session, request, authorized);
  }

  #refuseTooMany({ type }: Request, octets: number): void {
    const hasRoom = waitingMemory.hasRoom(this.#waitingOctets, octets);
    if (this.#waiting.size < MAX_WAITING && hasRoom) return;
    const whose = this.#waiting.size === 0 ? "all sessions" : "this session";
    const name = messageTypeName(type);
    throw new Failure(`Cannot accept ${name}: too many requests of ${whose} wait`, {
      source: "client",
      uri: ErrorUri.unavailable,
    });
  }

  #wait(
    request: Request,
    octets: number,
    authorization: Authorization | PendingAuthorization,
    isFollowUp: boolean,
  ): void {
    const isPending = "outcome" in authorization;
    const waiting: Waiting = {
      request: copyOf(request),
      octets,
      pending: isPending ? authorization : undefined,
      outcome: isPending ? undefined : { authorization },
      isPreparing: false,
      isFollowUp,
    };
    if (this.#waiting === NONE_WAITING) {
      this.#waiting = new Set();
      this.#waitingCalls = new Map();
    }
    this.#waiting.add(waiting);
    this.#waitingOctets += octets;
    waitingMemory.hold(octets);
    if (request.type === MessageType.CALL) this.#waitingCalls.set(request.id, waiting);
    if (!isPending) return;
    const settle = (outcome: Outcome) => {
      waiting.outcome = outcome;
      if (this.#waiting.has(waiting)) this.#performSettled();
    };
    authorization.outcome.then(
      (granted) => settle({ authorization: granted }),
      (thrown: unknown) => settle({ thrown }),
    );
  }

  #remove(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#waitingOctets -= waiting.octets;
    waitingMemory.hold(-waiting.octets);
    const { id } = waiting.request;
    if (this.#waitingCalls.get(id) === waiting) this.#waitingCalls.delete(id);
  }

  /** Performs the requests whose turn has come. */
  #performSettled(): void {
    for (const waiting of this.#waiting) {
      const { outcome } = waiting;
      if (outcome !== undefined && this.#isPrepared(waiting, outcome)) {
        this.#remove(waiting);
        this.#finish(waiting, outcome);
      } else if (this.#options.inOrder) {
        return;
      }
    }
    if (this.#waiting.size > 0) return;
    this.#onPerformed?.();
  }

  /** Whether a request can be performed; a long one may have to be read again first. */
  #isPrepared(waiting: Waiting, outcome: Outcome): boolean {
    if (waiting.isPreparing) return false;
    if ("thrown" in outcome) return true;
    const prepared = this.#options.prepare?.(waiting.request);
    if (prepared === undefined) return true;
    waiting.isPreparing = true;
    const settle = () => {
      waiting.isPreparing = false;
      if (this.#waiting.has(waiting)) this.#performSettled();
    };
    prepared
      .then((request) => {
        waiting.request = request;
      })
      .catch((thrown: unknown) => {
        waiting.outcome = { thrown };
      })
      .finally(settle);
    return false;
  }

  #finish({ request, isFollowUp }: Waiting, outcome: Outcome): void {
    try {
      if ("thrown" in outcome) throw outcome.thrown;
      this.#perform(request, outcome.authorization, isFollowUp);
    } catch (thrown) {
      if (!isRefusal(thrown)) {
        this.#options.onFailure(thrown);
        return;
      }
      this.#endRefusedCall(request);
      this.#options.onRefused(request, thrown);
    }
  }

  #perform(request: Request, authorization: Authorization, isFollowUp: boolean): void {
    const { broker, dealer, callQueue } = this.#target;
    switch (request.type) {
      case MessageType.PUBLISH:
        broker.publish(this.#session, request, authorization);
        break;
      case MessageType.SUBSCRIBE:
        broker.subscribe(this.#session, request);
        break;
      case MessageType.UNSUBSCRIBE:
        broker.unsubscribe(this.#session, request);
        break;
      case MessageType.REGISTER:
        dealer.register(this.#session, request);
        break;
      case MessageType.UNREGISTER:
        dealer.unregister(this.#session, request);
        break;
      case MessageType.CALL:
        if (isFollowUp) dealer.followUp(this.#session, request);
        else (callQueue ?? dealer).call(this.#session, request, authorization);
    }
  }
}

/** A request that may be kept: the octets of its payload are the message's, but for a long message. */
function copyOf(request: Request): Request {
  if (!("payload" in request) || request.payload.long !== undefined) return request;
  const { serializer, items } = request.payload;
  const payload = { serializer, items: items.map((item) => Uint8Array.from(item)) };
  return { ...request, payload };
}

/** About what a request holds while it waits. */
function octetsOf(request: Request, message: Incoming): number {
  return WAITING_OCTETS + READ_FACTOR * message.readOctets + payloadOctets(request);
}

function payloadOctets(request: Request): number {
  if (!("payload" in request)) return 0;
  const { items, long } = request.payload;
  if (long === undefined) return items.reduce((sum, { length }) => sum + length, 0);
  const forms = [...long.forms.values()].filter((form) => typeof form !== "string");
  return forms.reduce((sum, { length }) => sum + length, long.octets.length);
}
