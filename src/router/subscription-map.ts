/**
 * The subscriptions of a realm: one id for each pattern, shared by all of its subscribers.
 *
 * @module
 */

import { randomId } from "#wamp/id.ts";
import type { RealmSession } from "./realm-session.ts";
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
  readonly #bySession = new Map<RealmSession, Set<Subscription>>();

  /** Adds a subscriber; adding it again changes nothing. */
  add(subscriber: RealmSession, uri: string, match: MatchPolicy): Subscription {
    let subscription = this.#byPattern.get(uri, match);
    if (subscription === undefined) {
      subscription = { id: randomId(), uri, match, subscribers: new Set() };
      this.#byPattern.set(uri, match, subscription);
      this.#byId.set(subscription.id, subscription);
    }
    subscription.subscribers.add(subscriber);
    const subscriptions = this.#bySession.get(subscriber) ?? new Set();
    subscriptions.add(subscription);
    this.#bySession.set(subscriber, subscriptions);
    return subscription;
  }

  /** Removes a subscriber; false: it has no subscription with this id. */
  remove(subscriber: RealmSession, id: number): boolean {
    const subscription = this.#byId.get(id);
    if (!subscription?.subscribers.has(subscriber)) return false;
    this.#bySession.get(subscriber)?.delete(subscription);
    this.#drop(subscriber, subscription);
    return true;
  }

  removeAll(subscriber: RealmSession): void {
    for (const subscription of this.#bySession.get(subscriber) ?? [])
      this.#drop(subscriber, subscription);
    this.#bySession.delete(subscriber);
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
