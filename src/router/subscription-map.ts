/**
 * The subscriptions of a realm: one id for each pattern, shared by all of its subscribers.
 *
 * @module
 */

import { randomId } from "#wamp/id.ts";
import type { RealmSession } from "./realm-session.ts";
import { type PatternLimits, SessionPatterns } from "./session-patterns.ts";
import { type MatchPolicy, UriPatternMap } from "./uri-match.ts";

/** A pattern and its subscribers. */
export interface Subscription {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly subscribers: Set<RealmSession>;
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
  add(subscriber: RealmSession, uri: string, match: MatchPolicy): Subscription {
    let subscription = this.#byPattern.get(uri, match);
    if (subscription?.subscribers.has(subscriber)) return subscription;
    this.#bySession.refuseTooMany(subscriber, uri);
    if (subscription === undefined) {
      subscription = { id: randomId(), uri, match, subscribers: new Set() };
      this.#byPattern.set(uri, match, subscription);
      this.#byId.set(subscription.id, subscription);
    }
    subscription.subscribers.add(subscriber);
    this.#bySession.add(subscriber, subscription);
    return subscription;
  }

  /** Removes a subscriber; false: it has no subscription with this id. */
  remove(subscriber: RealmSession, id: number): boolean {
    const subscription = this.#byId.get(id);
    if (!subscription?.subscribers.has(subscriber)) return false;
    this.#bySession.delete(subscriber, subscription);
    this.#drop(subscriber, subscription);
    return true;
  }

  removeAll(subscriber: RealmSession): void {
    for (const subscription of this.#bySession.take(subscriber))
      this.#drop(subscriber, subscription);
  }

  matches(topic: string): Subscription[] {
    return [...this.#byPattern.matches(topic)];
  }

  #drop(subscriber: RealmSession, subscription: Subscription): void {
    subscription.subscribers.delete(subscriber);
    if (subscription.subscribers.size > 0) return;
    this.#byPattern.delete(subscription.uri, subscription.match);
    this.#byId.delete(subscription.id);
  }
}
