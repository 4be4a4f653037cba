/**
 * Subscriptions: the topics that a session of the program's own listens to, and the events for each.
 *
 *     [SUBSCRIBE, request, options, topic]        [SUBSCRIBED, request, subscription]
 *     [UNSUBSCRIBE, request, subscription]        [UNSUBSCRIBED, request]
 *     [EVENT, subscription, publication, details, args?, kwargs?]
 *     [ERROR, SUBSCRIBE | UNSUBSCRIBE, request, details, uri, args?, kwargs?]
 *
 * All receivers of a topic share one subscription. (WAMP specification, section "Publish and Subscribe".)
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { MessageItems, Payload } from "#wamp/transcode/payload-slice.ts";
import { RefusedSubscription, type TopicPattern, type TopicReceiver } from "#wamp/wamp-caller.ts";

/** What a message for the router is made of. */
interface OutgoingHead {
  head: readonly unknown[];
  payload: Payload;
}

/** What the router has taken, for one receiver. */
export interface TakenSubscription {
  /** The router's id of it. */
  id: number;
  /** Ends it for the receiver. */
  leave(): void;
}

/** One topic, and its receivers. */
interface Subscription extends TopicPattern {
  readonly receivers: Set<TopicReceiver>;
  /** Resolves with the router's id of it. */
  readonly subscribed: PromiseWithResolvers<number>;
  /** Undefined: the router has not answered. */
  id?: number;
}

const NO_PAYLOAD: Payload = { serializer: "cbor", items: [] };

/** The subscriptions of one session. */
export class Subscriptions {
  readonly #send: (message: OutgoingHead) => void;
  readonly #nextRequest: () => number;
  readonly #byTopic = new Map<string, Subscription>();
  readonly #byRequest = new Map<number, Subscription>();
  readonly #byId = new Map<number, Subscription>();
  /** Whether there was ever one: events may be on their way after the last has ended. */
  #wasUsed = false;
  #end: string | undefined;

  constructor(send: (message: OutgoingHead) => void, nextRequest: () => number) {
    this.#send = send;
    this.#nextRequest = nextRequest;
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#byTopic.size === 0;
  }

  /**
   * Sends the events of a topic to a receiver, until it leaves.
   *
   * @throws RefusedSubscription when the router refuses; Failure when it cannot be asked.
   */
  async subscribe(pattern: TopicPattern, receiver: TopicReceiver): Promise<TakenSubscription> {
    if (this.#end !== undefined) throw unavailable(this.#end);
    const key = `${pattern.match} ${pattern.topic}`;
    // The receiver comes first, because a router in this process answers at once.
    const known = this.#byTopic.get(key);
    known?.receivers.add(receiver);
    const subscription = known ?? this.#request(key, pattern, receiver);
    const leave = () => this.#leave(key, subscription, receiver);
    try {
      return { id: await subscription.subscribed.promise, leave };
    } catch (thrown) {
      leave();
      throw thrown;
    }
  }

  /** Takes a message about subscriptions; false for every other one. `payload` gives a copy of an event's. */
  onMessage(message: MessageItems, payload: (from: number) => Payload): boolean {
    if (!this.#wasUsed) return false;
    const type = message.value(0);
    if (type === MessageType.EVENT) {
      this.#deliver(message, payload);
      return true;
    }
    if (type === MessageType.SUBSCRIBED) {
      this.#subscribed(Number(message.value(1)), Number(message.value(2)));
      return true;
    }
    if (type === MessageType.UNSUBSCRIBED) return true;
    if (type !== MessageType.ERROR) return false;
    const requestType = message.value(1);
    if (requestType === MessageType.SUBSCRIBE) {
      this.#refused(Number(message.value(2)), String(message.value(4)));
    }
    return requestType === MessageType.SUBSCRIBE || requestType === MessageType.UNSUBSCRIBE;
  }

  /** Ends all subscriptions, present and future. */
  fail(reason: string): void {
    this.#end = `Cannot subscribe: ${reason}`;
    const all = [...this.#byTopic.values()];
    this.#byTopic.clear();
    this.#byId.clear();
    this.#byRequest.clear();
    for (const { receivers, subscribed } of all) {
      subscribed.reject(unavailable(this.#end));
      for (const receiver of [...receivers]) receiver.onEnd(reason);
    }
  }

  #request(key: string, { topic, match }: TopicPattern, first: TopicReceiver): Subscription {
    const subscribed = Promise.withResolvers<number>();
    // Each subscriber awaits it, and there may be none any more.
    subscribed.promise.catch(() => {});
    const subscription = { topic, match, receivers: new Set([first]), subscribed };
    const request = this.#nextRequest();
    this.#wasUsed = true;
    this.#byTopic.set(key, subscription);
    this.#byRequest.set(request, subscription);
    const options = match === "exact" ? {} : { match };
    try {
      this.#send({ head: [MessageType.SUBSCRIBE, request, options, topic], payload: NO_PAYLOAD });
    } catch (thrown) {
      this.#byTopic.delete(key);
      this.#byRequest.delete(request);
      throw thrown;
    }
    return subscription;
  }

  #subscribed(request: number, id: number): void {
    const subscription = this.#byRequest.get(request);
    if (subscription === undefined) return;
    this.#byRequest.delete(request);
    subscription.id = id;
    this.#byId.set(id, subscription);
    subscription.subscribed.resolve(id);
  }

  #refused(request: number, uri: string): void {
    const subscription = this.#byRequest.get(request);
    if (subscription === undefined) return;
    this.#byRequest.delete(request);
    this.#byTopic.delete(`${subscription.match} ${subscription.topic}`);
    subscription.subscribed.reject(new RefusedSubscription(uri));
  }

  #deliver(message: MessageItems, payload: (from: number) => Payload): void {
    const subscription = this.#byId.get(Number(message.value(1)));
    if (subscription === undefined) return;
    const { topic = subscription.topic } = asRecord(message.value(3));
    const publication = Number(message.value(2));
    const event = { publication, topic: String(topic), payload: payload(4) };
    for (const receiver of subscription.receivers) receiver.onEvent(event);
  }

  #leave(key: string, subscription: Subscription, receiver: TopicReceiver): void {
    subscription.receivers.delete(receiver);
    if (subscription.receivers.size > 0 || this.#byTopic.get(key) !== subscription) return;
    this.#byTopic.delete(key);
    // A receiver can leave only after the answer.
    if (subscription.id !== undefined) this.#unsubscribe(subscription.id);
  }

  #unsubscribe(id: number): void {
    this.#byId.delete(id);
    const head = [MessageType.UNSUBSCRIBE, this.#nextRequest(), id];
    try {
      this.#send({ head, payload: NO_PAYLOAD });
    } catch {
      // The router does not read; its events are ignored.
    }
  }
}

function unavailable(sentence: string): Failure {
  return new Failure(sentence, { source: "router", uri: ErrorUri.unavailable });
}
