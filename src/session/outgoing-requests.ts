/**
 * Calls and publications of the program's own, and the answers to them; its subscriptions are in Subscriptions.
 *
 *     [CALL, request, options, procedure, args?, kwargs?]    [RESULT, request, details, args?, kwargs?]
 *     [CANCEL, request, options]
 *     [PUBLISH, request, options, topic, args?, kwargs?]     [PUBLISHED, request, publication]
 *     [ERROR, CALL | PUBLISH, request, details, uri, args?, kwargs?]
 *
 * (WAMP specification, sections "Remote Procedure Calls" and "Publish and Subscribe".)
 *
 * @module
 */

import { type AuthenticatorCall, CallError } from "#auth/authenticators.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isId } from "#wamp/id.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { readValue } from "#wamp/serializer/read-value.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { type MessageItems, type Payload, sliceMessage } from "#wamp/transcode/payload-slice.ts";
import {
  LostAnswer,
  type OpenSubscription,
  type TopicPattern,
  type TopicReceiver,
  type WampAnswer,
  type WampRequest,
} from "#wamp/wamp-caller.ts";
import { Subscriptions } from "./subscriptions.ts";

/** Most requests that may wait for an answer at the same time, unless the session says otherwise. */
const MAX_REQUESTS = 1_000;

/** The last events of a subscription (WAMP specification, section "Event History"). */
const GET_EVENTS = "wamp.subscription.get_events";

const UNAVAILABLE = { source: "router", uri: ErrorUri.unavailable } as const;

/** A message for the router: the head as values, the payload as octets. */
export interface OutgoingMessage {
  head: readonly unknown[];
  payload: Payload;
}

/** A request on a session, which determines realm and role. */
export type SessionRequest = Omit<WampRequest, "realm" | "role">;

/** The requests of one session. */
export class OutgoingRequests {
  readonly #send: (message: OutgoingMessage) => void;
  readonly #pending = new Map<number, PromiseWithResolvers<WampAnswer>>();
  readonly #maxRequests: number;
  readonly subscriptions: Subscriptions;
  #lastRequest = 0;
  #end: string | undefined;

  /** If `send` throws, the request fails with what was thrown. */
  constructor(send: (message: OutgoingMessage) => void, maxRequests = MAX_REQUESTS) {
    this.#send = send;
    this.#maxRequests = maxRequests;
    this.subscriptions = new Subscriptions(send, () => this.#nextRequest());
  }

  /** Whether no request waits for its answer, and nothing is subscribed to. */
  get isIdle(): boolean {
    return this.#pending.size === 0 && this.subscriptions.isEmpty;
  }

  /**
   * Calls or publishes, as `WampCaller.request` does. A call whose signal is aborted is canceled.
   */
  async request({ kind, uri, options, payload, signal }: SessionRequest): Promise<WampAnswer> {
    signal.throwIfAborted();
    if (this.#end !== undefined) throw unavailable(this.#end);
    if (this.#pending.size >= this.#maxRequests) {
      throw unavailable(
        `Cannot ${kind} "${uri}": ${this.#maxRequests} requests wait for their answers`,
      );
    }
    const request = this.#nextRequest();
    const type = kind === "call" ? MessageType.CALL : MessageType.PUBLISH;
    const answer = Promise.withResolvers<WampAnswer>();
    const onAbort = () => {
      answer.reject(signal.reason);
      if (kind === "call") this.#cancel(request);
    };
    this.#pending.set(request, answer);
    signal.addEventListener("abort", onAbort);
    try {
      this.#send({ head: [type, request, options, uri], payload });
      return await answer.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#pending.delete(request);
    }
  }

  /**
   * Calls, and resolves with the first argument of the RESULT as a value.
   *
   * @throws CallError for an ERROR; Failure when no answer can arrive, or the answer cannot be read.
   */
  async call({ procedure, args, signal }: AuthenticatorCall): Promise<unknown> {
    return await this.callWith(procedure, cborArgs(args), signal);
  }

  /** The same, with arguments that are encoded. */
  async callWith(procedure: string, payload: Payload, signal: AbortSignal): Promise<unknown> {
    const request = { kind: "call", uri: procedure, options: {}, payload, signal } as const;
    const answer = await this.request(request);
    if (answer.kind === "error") throw new CallError(answer.uri, argsOf(answer.payload));
    return answer.kind === "result" ? argsOf(answer.payload)[0] : undefined;
  }

  /** Subscribes, as `WampCaller.subscribe` does. */
  async subscribe(pattern: TopicPattern, receiver: TopicReceiver): Promise<OpenSubscription> {
    const { id, leave } = await this.subscriptions.subscribe(pattern, receiver);
    const keptEvents = (most: number, signal: AbortSignal) => {
      const payload = cborArgs([id, most]);
      return this.request({ kind: "call", uri: GET_EVENTS, options: {}, payload, signal });
    };
    return { leave, keptEvents };
  }

  /** Takes an answer to a request, or a message about subscriptions; false for every other message. */
  onMessage(message: WireMessage, serializer: SerializerName): boolean {
    return this.onItems(sliceMessage(message, serializer), serializer);
  }

  /** The same, for a message whose items are known. */
  onItems(message: MessageItems, serializer: SerializerName): boolean {
    switch (message.value(0)) {
      case MessageType.RESULT:
        this.#settle(message.value(1), {
          kind: "result",
          payload: payloadFrom(message, 3, serializer),
        });
        return true;
      case MessageType.PUBLISHED: {
        const publication = message.value(2);
        if (!isId(publication)) throw new Error("the router said PUBLISHED without an id");
        this.#settle(message.value(1), { kind: "published", publication });
        return true;
      }
      case MessageType.ERROR: {
        const type = message.value(1);
        if (type !== MessageType.CALL && type !== MessageType.PUBLISH) break;
        const payload = payloadFrom(message, 5, serializer);
        this.#settle(message.value(2), { kind: "error", uri: String(message.value(4)), payload });
        return true;
      }
      default:
    }
    return this.subscriptions.onMessage(message, (from) => payloadFrom(message, from, serializer));
  }

  /** Fails all requests, present and future. */
  fail(reason: string): void {
    this.#end = `Cannot wait for an answer: ${reason}`;
    const lost = new LostAnswer(this.#end, UNAVAILABLE);
    for (const { reject } of this.#pending.values()) reject(lost);
    this.subscriptions.fail(reason);
  }

  /** The ids of all requests of a session are in one sequence. */
  #nextRequest(): number {
    this.#lastRequest += 1;
    return this.#lastRequest;
  }

  #settle(request: unknown, answer: WampAnswer): void {
    if (isId(request)) this.#pending.get(request)?.resolve(answer);
  }

  #cancel(request: number): void {
    const payload: Payload = { serializer: "cbor", items: [] };
    try {
      this.#send({ head: [MessageType.CANCEL, request, { mode: "killnowait" }], payload });
    } catch {
      // The callee goes on then, and its answer is ignored.
    }
  }
}

/** Copies of the items from this index on, because the octets of a message are borrowed. */
function payloadFrom(message: MessageItems, from: number, serializer: SerializerName): Payload {
  const items: Uint8Array[] = [];
  for (let index = from; index < message.length; index++) {
    items.push(new Uint8Array(message.octets(index)));
  }
  return { serializer, items: items.slice(0, 2) };
}

function cborArgs(args: readonly unknown[]): Payload {
  return { serializer: "cbor", items: [encodeMessage(args, "cbor")] };
}

function argsOf({ items: [args], serializer }: Payload): readonly unknown[] {
  if (args === undefined) return [];
  try {
    const value = readValue(args, serializer);
    return Array.isArray(value) ? value : [];
  } catch (thrown) {
    throw unavailable(`Cannot read an answer: ${sentenceOf(thrown)}`);
  }
}

function unavailable(sentence: string): Failure {
  return new Failure(sentence, UNAVAILABLE);
}
