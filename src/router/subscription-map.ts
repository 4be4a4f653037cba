/**
 * The subscriptions of a realm: one id for each pattern, shared by all of its subscribers.
 *
 * @module
 */

import { EventHistory } from "./event-history.ts";
import { idAt, placeOf, type SharedIds } from "./pattern-id.ts";
import type { RealmSession } from "./realm-session.ts";
import { type PatternLimits, SessionPatterns } from "./session-patterns.ts";
import type { MatchPolicy } from "./uri-match.ts";
import { UriPatternMap } from "./uri-pattern-map.ts";

/** A pattern and its subscribers. */
export class Subscription {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  /** When, in milliseconds of the epoch. */
  readonly created = Date.now();
  /** Undefined: none of its events are kept. */
  history: EventHistory | undefined = undefined;
  /** Most subscriptions have one subscriber, and a set of one takes more than all the rest. */
  #subscribers: RealmSession | Set<RealmSession> | undefined = undefined;

  constructor(id: number, uri: string, match: MatchPolicy) {
    this.id = id;
    this.uri = uri;
    this.match = match;
  }

  /** In the order in which they subscribed. */
  get subscribers(): Iterable<RealmSession> {
    const subscribers = this.#subscribers;
    if (subscribers instanceof Set) return subscribers;
    return subscribers === undefined ? [] : [subscribers];
  }

  /** How many subscribers it has. */
  get count(): number {
    const subscribers = this.#subscribers;
    if (subscribers instanceof Set) return subscribers.size;
    return subscribers === undefined ? 0 : 1;
  }

  /** Whether it has subscribers. */
  get isSubscribed(): boolean {
    const subscribers = this.#subscribers;
    return subscribers instanceof Set ? subscribers.size > 0 : subscribers !== undefined;
  }

  /** Whether it has subscribers, or events are kept of it. */
  get isUsed(): boolean {
    return this.isSubscribed || this.history !== undefined;
  }

  has(session: RealmSession): boolean {
    const subscribers = this.#subscribers;
    return subscribers instanceof Set ? subscribers.has(session) : subscribers === session;
  }

  add(session: RealmSession): void {
    const subscribers = this.#subscribers;
    if (subscribers instanceof Set) subscribers.add(session);
    else if (subscribers === undefined) this.#subscribers = session;
    else this.#subscribers = new Set([subscribers, session]);
  }

  delete(session: RealmSession): void {
    const subscribers = this.#subscribers;
    if (subscribers instanceof Set) subscribers.delete(session);
    else if (subscribers === session) this.#subscribers = undefined;
  }
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
  readonly #bySession: SessionPatterns<Subscription>;
  /** Undefined: a subscription has an id of this router's own. */
  ids: SharedIds<Subscription> | undefined;

  constructor(limits?: PatternLimits) {
    this.#bySession = new SessionPatterns("subscribe to", this, limits);
  }

  /**
   * Adds a subscriber; adding it again changes nothing.
   *
   * @throws Failure when it has too many subscriptions.
   */
  add(subscriber: RealmSession, uri: string, match: MatchPolicy): Subscribed {
    const before = this.#byPattern.get(uri, match);
    if (before?.has(subscriber)) {
      return { subscription: before, isNew: false, isRepeated: true };
    }
    this.#bySession.refuseTooMany(subscriber, uri);
    const subscription = before ?? this.#open(uri, match);
    subscription.add(subscriber);
    this.#bySession.add(subscriber, subscription);
    return { subscription, isNew: before === undefined, isRepeated: false };
  }

  /** Keeps events of these patterns, and of no others. */
  keepEvents(patterns: readonly KeptPattern[]): void {
    const before = new Set([...this.all()].filter(({ history }) => history !== undefined));
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
    if (this.ids !== undefined) return this.ids.get(id);
    const subscription = this.#byPattern.at(placeOf(id));
    return subscription?.id === id ? subscription : undefined;
  }

  all(): Iterable<Subscription> {
    return this.#byPattern.values();
  }

  /** The subscription of a session with this id. */
  ofSession(subscriber: RealmSession, id: number): Subscription | undefined {
    const subscription = this.byId(id);
    return subscription?.has(subscriber) ? subscription : undefined;
  }

  /** Removes a subscriber, and what is of no use without it; undefined: it has no subscription with this id. */
  remove(subscriber: RealmSession, id: number): Subscription | undefined {
    const subscription = this.ofSession(subscriber, id);
    if (subscription === undefined) return undefined;
    this.#drop(subscriber, subscription);
    this.#bySession.delete(subscriber, subscription);
    return subscription;
  }

  /** Removes a subscriber everywhere, and returns the subscriptions that it had. */
  removeAll(subscriber: RealmSession): Subscription[] {
    const subscriptions = this.#bySession.take(subscriber);
    for (const subscription of subscriptions) this.#drop(subscriber, subscription);
    return subscriptions;
  }

  matches(topic: string): Subscription[] {
    return this.#byPattern.matches(topic);
  }

  #open(uri: string, match: MatchPolicy): Subscription {
    const id = this.ids?.idOf(uri, match) ?? idAt(this.#byPattern.nextPlace);
    const subscription = new Subscription(id, uri, match);
    this.#byPattern.add(subscription);
    this.ids?.add(subscription);
    return subscription;
  }

  #drop(subscriber: RealmSession, subscription: Subscription): void {
    subscription.delete(subscriber);
    this.#closeUnused(subscription);
  }

  #closeUnused(subscription: Subscription): void {
    if (subscription.isUsed) return;
    this.#byPattern.delete(subscription);
    this.ids?.delete(subscription);
  }
}
