/**
 * Subscriptions: the topic filters of one client, and the subscriptions of WAMP that they are.
 *
 *     SUBSCRIBE  7: a/#, b/+    [SUBSCRIBE, 1, {match: "prefix"}, "a."] [SUBSCRIBE, 2, {}, "a"] [SUBSCRIBE, 3, ..., "b."]
 *     SUBACK     7: 0, 0        once all of these are answered
 *
 * Several filters may be one subscription of WAMP: an event of it is sent once.
 *
 * @module
 */

import type { ISubscribePacket, ISubscription, IUnsubscribePacket, Packet } from "mqtt-packet";
import { MessageType } from "#wamp/message-type.ts";
import type { TopicPattern } from "#wamp/wamp-caller.ts";
import type { MqttVersion } from "./read-packet.ts";
import { Reason, reasonOfUri } from "./reason-codes.ts";
import { filterMatches, readFilter, type TopicFilter, topicOfUri } from "./topic-map.ts";

/** A topic filter of the client. */
interface Subscription {
  readonly filter: TopicFilter;
  readonly qos: 0 | 1 | 2;
  readonly isNoLocal: boolean;
  readonly identifier: number | undefined;
  /** Ids of its subscriptions of WAMP. */
  readonly ids: number[];
}

/** A subscription of WAMP, and the filters that it serves. */
interface WampSubscription {
  readonly pattern: TopicPattern;
  /** By their texts. */
  readonly filters: Map<string, Subscription>;
}

/** A SUBSCRIBE or UNSUBSCRIBE of the client that is not answered. */
interface Exchange {
  readonly cmd: "suback" | "unsuback";
  readonly messageId: number;
  readonly granted: number[];
  /** Filters that are asked for, in the order of the packet. */
  readonly asked: (Subscription | undefined)[];
  unanswered: number;
}

/** A request that a router has not answered. */
export interface SubscriptionRequest {
  readonly kind: "subscribe" | "unsubscribe";
  readonly exchange: Exchange | undefined;
  /** Which filter of the packet it is for. */
  readonly index: number;
  readonly pattern: TopicPattern | undefined;
}

/** To whom an event goes. */
export interface Receiver {
  topic: string;
  qos: 0 | 1 | 2;
  identifiers: number[];
}

/** What subscriptions need of their session. */
export interface SubscriptionContext {
  readonly version: MqttVersion;
  /** Sends a request with this head behind its id. */
  request(type: number, rest: readonly unknown[], pending: SubscriptionRequest): void;
  /** Answers the client. */
  answer(packet: Packet): void;
}

const SHARED = "$share/";

/** The most topic filters of one client, and of one packet. */
const MAX_FILTERS = 1_000;

/** The most that they are long together, in characters. */
const MAX_FILTER_CHARACTERS = 131_072;

const NO_FILTERS = new Map<string, Subscription>();
const NO_IDS = new Map<number, WampSubscription>();

/** The subscriptions of one client. */
export class Subscriptions {
  readonly #context: SubscriptionContext;
  // Those that are shared stay empty: most clients publish alone.
  #byFilter: Map<string, Subscription> = NO_FILTERS;
  #byId: Map<number, WampSubscription> = NO_IDS;

  constructor(context: SubscriptionContext) {
    this.#context = context;
  }

  /** Whether a filter was not for what the client publishes itself. */
  hasNoLocal = false;

  /** Subscribes; SUBACK follows. */
  subscribe({ messageId = 0, subscriptions, properties }: ISubscribePacket): void {
    const last = this.#lastThatFits(subscriptions);
    const asked = subscriptions.map((one, index) =>
      index <= last ? subscriptionOf(one, properties) : undefined,
    );
    const granted = subscriptions.map(({ topic }, index) =>
      index <= last ? (asked[index]?.qos ?? refusalOf(topic)) : Reason.quotaExceeded,
    );
    // Answers may come while the requests are sent.
    const exchange = { cmd: "suback" as const, messageId, granted, asked, unanswered: 1 };
    for (const [index, subscription] of asked.entries()) {
      if (subscription === undefined) continue;
      const getsRetained = this.#getsRetained(subscriptions[index] as ISubscription);
      for (const pattern of subscription.filter.patterns) {
        exchange.unanswered += 1;
        const options = { match: pattern.match, ...(getsRetained && { get_retained: true }) };
        const request = { kind: "subscribe" as const, exchange, index, pattern };
        this.#context.request(MessageType.SUBSCRIBE, [options, pattern.topic], request);
      }
    }
    this.#answered(exchange);
  }

  /** The index of the last filter of a packet for which there is room, with those before it; -1: there is none. */
  #lastThatFits(subscriptions: readonly ISubscription[]): number {
    let filters = this.#byFilter.size;
    let characters = 0;
    for (const text of this.#byFilter.keys()) characters += text.length;
    for (const [index, { topic }] of subscriptions.entries()) {
      if (index >= MAX_FILTERS) return index - 1;
      // One that is asked for again takes no more room.
      if (this.#byFilter.has(topic)) continue;
      filters += 1;
      characters += topic.length;
      if (filters > MAX_FILTERS || characters > MAX_FILTER_CHARACTERS) return index - 1;
    }
    return subscriptions.length - 1;
  }

  /** MQTT 5: 0 always, 1 where there is no such subscription, 2 never. */
  #getsRetained({ topic, rh = 0 }: ISubscription): boolean {
    return rh === 0 || (rh === 1 && !this.#byFilter.has(topic));
  }

  /** Unsubscribes; UNSUBACK follows. */
  unsubscribe({ messageId = 0, unsubscriptions }: IUnsubscribePacket): void {
    const granted = unsubscriptions.map((text) =>
      this.#byFilter.has(text) ? Reason.success : Reason.noSubscription,
    );
    const exchange = { cmd: "unsuback" as const, messageId, granted, asked: [], unanswered: 1 };
    for (const [index, text] of unsubscriptions.entries()) {
      const subscription = this.#byFilter.get(text);
      this.#byFilter.delete(text);
      if (subscription !== undefined) this.#release(subscription, exchange, index);
    }
    this.#answered(exchange);
  }

  /** The router has taken a subscription. */
  subscribed({ exchange, index, pattern }: SubscriptionRequest, id: number): void {
    const subscription = exchange?.asked[index];
    if (exchange === undefined || subscription === undefined || pattern === undefined) return;
    if (this.#byId === NO_IDS) this.#byId = new Map();
    const known = this.#byId.get(id) ?? { pattern, filters: new Map() };
    this.#byId.set(id, known);
    subscription.ids.push(id);
    // A filter that is asked for again has other options.
    known.filters.set(subscription.filter.text, subscription);
    this.#answered(exchange);
  }

  /** The router has ended a subscription, as it was asked to. */
  unsubscribed({ exchange }: SubscriptionRequest): void {
    if (exchange !== undefined) this.#answered(exchange);
  }

  /** The router has refused a request. */
  refused({ kind, exchange, index, pattern }: SubscriptionRequest, uri: unknown): void {
    if (exchange === undefined) return;
    const reason = reasonOfUri(uri);
    // Who may have all below a topic gets that, though the topic itself may not be permitted.
    const isParent =
      exchange.asked[index]?.filter.levels !== undefined && pattern?.match === "exact";
    const isLeftOut = isParent && reason === Reason.notAuthorized;
    // A topic that is no URI is a wrong filter here. A subscription that is gone already needs no end.
    if (kind === "subscribe" && !isLeftOut) {
      exchange.granted[index] = reason === Reason.badTopic ? Reason.badFilter : reason;
    }
    this.#answered(exchange);
  }

  /** The router has ended a subscription by itself. */
  revoked(id: number): void {
    const known = this.#byId.get(id);
    this.#byId.delete(id);
    for (const { filter, ids } of known?.filters.values() ?? []) {
      ids.splice(ids.indexOf(id), 1);
      if (ids.length === 0) this.#byFilter.delete(filter.text);
    }
  }

  /** The URI of an event of this subscription; `topic` is what its details have. Undefined: there is no such one. */
  uriOf(id: number, topic: unknown): string | undefined {
    const known = this.#byId.get(id);
    return typeof topic === "string" ? topic : known?.pattern.topic;
  }

  /**
   * How an event of a subscription is sent; `isOwn`: the client has published it. Null: it is for none of the
   * filters. Undefined: its URI is no topic.
   */
  receiverOf(id: number, uri: string, isOwn: boolean): Receiver | null | undefined {
    const receiver: Receiver = { topic: "", qos: 0, identifiers: [] };
    let isWanted = false;
    const filters = this.#byId.get(id)?.filters.values() ?? [];
    for (const { filter, qos, isNoLocal, identifier } of filters) {
      if ((isOwn && isNoLocal) || !filterMatches(filter, uri)) continue;
      isWanted = true;
      receiver.topic ||= topicOfUri(uri, filter) ?? "";
      if (qos > receiver.qos) receiver.qos = qos;
      if (identifier !== undefined) receiver.identifiers.push(identifier);
    }
    if (!isWanted) return null;
    return receiver.topic === "" ? undefined : receiver;
  }

  #answered(exchange: Exchange): void {
    exchange.unanswered -= 1;
    if (exchange.unanswered > 0) return;
    const { cmd, messageId, granted, asked } = exchange;
    for (const [index, subscription] of asked.entries()) {
      if (subscription === undefined) continue;
      const isTaken = (granted[index] as number) < Reason.unspecified;
      if (isTaken && subscription.isNoLocal) this.hasNoLocal = true;
      if (this.#byFilter === NO_FILTERS) this.#byFilter = new Map();
      if (isTaken) this.#byFilter.set(subscription.filter.text, subscription);
      else this.#release(subscription, undefined, index);
    }
    const isPlain = this.#context.version === 4;
    if (cmd === "unsuback") this.#context.answer({ cmd, messageId, granted });
    else {
      const codes = granted.map((code) => (isPlain && code > 2 ? Reason.unspecified : code));
      this.#context.answer({ cmd, messageId, granted: codes });
    }
  }

  /** Ends the subscriptions of WAMP that no other filter needs. */
  #release(subscription: Subscription, exchange: Exchange | undefined, index: number): void {
    for (const id of subscription.ids) {
      const known = this.#byId.get(id);
      const { text } = subscription.filter;
      if (known?.filters.get(text) !== subscription) continue;
      known.filters.delete(text);
      if (known.filters.size > 0) continue;
      this.#byId.delete(id);
      if (exchange !== undefined) exchange.unanswered += 1;
      const request = { kind: "unsubscribe" as const, exchange, index, pattern: undefined };
      this.#context.request(MessageType.UNSUBSCRIBE, [id], request);
    }
  }
}

function subscriptionOf(
  { topic, qos, nl = false }: ISubscription,
  properties: ISubscribePacket["properties"],
): Subscription | undefined {
  const filter = topic.startsWith(SHARED) ? undefined : readFilter(topic);
  if (filter === undefined) return undefined;
  const identifier = properties?.subscriptionIdentifier;
  return { filter, qos, isNoLocal: nl, identifier, ids: [] };
}

function refusalOf(topic: string): number {
  return topic.startsWith(SHARED) ? Reason.noSharedSubscriptions : Reason.badFilter;
}
