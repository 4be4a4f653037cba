/**
 * The subscriptions of a realm: one id for each pattern, shared by all who subscribed to it.
 *
 * @module
 */

import { randomId } from "#wamp/id.ts";
import type { Member } from "./member.ts";
import { type MatchPolicy, UriPatternMap } from "./uri-match.ts";

/** A pattern and its subscribers. */
export interface Subscription {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly subscribers: Set<Member>;
}

/** Subscriptions by pattern, by id and by member. */
export class SubscriptionMap {
  readonly #byPattern = new UriPatternMap<Subscription>();
  readonly #byId = new Map<number, Subscription>();
  readonly #byMember = new Map<Member, Set<Subscription>>();

  /** Adds a subscriber; the same one twice is one. */
  add(member: Member, uri: string, match: MatchPolicy): Subscription {
    let subscription = this.#byPattern.get(uri, match);
    if (subscription === undefined) {
      subscription = { id: randomId(), uri, match, subscribers: new Set() };
      this.#byPattern.set(uri, match, subscription);
      this.#byId.set(subscription.id, subscription);
    }
    subscription.subscribers.add(member);
    const own = this.#byMember.get(member) ?? new Set();
    own.add(subscription);
    this.#byMember.set(member, own);
    return subscription;
  }

  /** Removes a subscriber; false when it had no subscription with this id. */
  remove(member: Member, id: number): boolean {
    const subscription = this.#byId.get(id);
    if (!subscription?.subscribers.has(member)) return false;
    this.#byMember.get(member)?.delete(subscription);
    this.#drop(member, subscription);
    return true;
  }

  removeAll(member: Member): void {
    for (const subscription of this.#byMember.get(member) ?? []) this.#drop(member, subscription);
    this.#byMember.delete(member);
  }

  matches(topic: string): Subscription[] {
    return [...this.#byPattern.matches(topic)];
  }

  #drop(member: Member, subscription: Subscription): void {
    subscription.subscribers.delete(member);
    if (subscription.subscribers.size > 0) return;
    this.#byPattern.delete(subscription.uri, subscription.match);
    this.#byId.delete(subscription.id);
  }
}
