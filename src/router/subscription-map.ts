/**
 * The subscriptions of a realm: one id for each pattern, shared by all of its subscribers.
 *
 * @module
 */

import { randomId } from "#wamp/id.ts";
import { EventHistory } from "./event-history.ts";
import type { RealmSession } from "./realm-session.ts";
import { type PatternLimits, SessionPatterns } from "./session-patterns.ts";
import { type MatchPolicy, UriPatternMap } from "./uri-match.ts";

/** A pattern and its subscribers. */
export interface Subscription {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  /** When, in milliseconds of the epoch. */
  readonly created: number;
  readonly subscribers: Set<RealmSession>;
  /** Undefined: none of its events are kept. */
  history: EventHistory | undefined;
}

/** What came of a SUBSCRIBE. */
export interface Subscribed {
  readonly subscription: Subscription;
  /** Whether there was no such subscription before. */
  readonly isNew: boolean;
  /** Whether the subscriber had it already. */
  readonly isRepeated: boolean;
}

/** A pattern of which events are kept. */
export interface KeptPattern {
  readonly uri: string;
  readonly match: MatchPolicy;
  /** Most events. */
  readonly limit: number;
}

/** Subscriptions by pattern, by id and by session. */
export class SubscriptionMap {
  readonly #byPattern = new UriPatternMap<Subscription>();
  readonly #byId = new Map<number, Subscription>();
  readonly #bySession: SessionPatterns<Subscription>;

  constructor(limits?: PatternLimits) {
    this.#bySession = new SessionPatterns("subscribe to", limits);
  }

  /**
   * Adds a subscriber; adding it again changes nothing.
   *
   * @throws Failure when it has too many subscriptions.
   */
  add(subscriber: RealmSession, uri: string, match: MatchPolicy): Subscribed {
    const before = this.#byPattern.get(uri, match);
    if (before?.subscribers.has(subscriber)) {
      return { subscription: before, isNew: false, isRepeated: true };
    }
    this.#bySession.refuseTooMany(subscriber, uri);
    const subscription = before ?? this.#open(uri, match);
    subscription.subscribers.add(subscriber);
    this.#bySession.add(subscriber, subscription);
    return { subscription, isNew: before === undefined, isRepeated: false };
  }

  /** Keeps events of these patterns, and of no others. */
  keepEvents(patterns: readonly KeptPattern[]): void {
    const before = new Set([...this.#byId.values()].filter(({ history }) => history !== undefined));
    for (const { uri, match, limit } of patterns) {
      const subscription = this.#byPattern.get(uri, match) ?? this.#open(uri, match);
      before.delete(subscription);
      subscription.history ??= new EventHistory(limit);
      subscription.history.limit = limit;
    }
    for (const subscription of before) {
      subscription.history = undefined;
      this.#closeUnused(subscription);
    }
  }

  /** The subscription of exactly this pattern. */
  get(uri: string, match: MatchPolicy): Subscription | undefined {
    return this.#byPattern.get(uri, match);
  }

  byId(id: number): Subscription | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Subscription> {
    return this.#byId.values();
  }

  /** Removes a subscriber, and what is of no use without it; undefined: it has no subscription with this id. */
  remove(subscriber: RealmSession, id: number): Subscription | undefined {
    const subscription = this.#byId.get(id);
    if (!subscription?.subscribers.has(subscriber)) return undefined;
    this.#bySession.delete(subscriber, subscription);
    this.#drop(subscriber, subscription);
    return subscription;
  }

  /** Removes a subscriber everywhere, and returns the subscriptions that it had. */
  removeAll(subscriber: RealmSession): Subscription[] {
    const subscriptions = [...this.#bySession.take(subscriber)];
    for (const subscription of subscriptions) this.#drop(subscriber, subscription);
    return subscriptions;
  }

  matches(topic: string): Subscription[] {
    return [...this.#byPattern.matches(topic)];
  }

  #open(uri: string, match: MatchPolicy): Subscription {
    const created = Date.now();
    const subscribers = new Set<RealmSession>();
    const subscription = { id: randomId(), uri, match, created, subscribers, history: undefined };
    this.#byPattern.set(uri, match, subscription);
    this.#byId.set(subscription.id, subscription);
    return subscription;
  }

  #drop(subscriber: RealmSession, subscription: Subscription): void {
    subscription.subscribers.delete(subscriber);
    this.#closeUnused(subscription);
  }

  #closeUnused(subscription: Subscription): void {
    if (isUsed(subscription)) return;
    this.#byPattern.delete(subscription.uri, subscription.match);
    this.#byId.delete(subscription.id);
  }
}

/** Whether a subscription has subscribers, or events are kept of it. */
export function isUsed({ subscribers, history }: Subscription): boolean {
  return subscribers.size > 0 || history !== undefined;
}
