/**
 * TopicFeeds: one subscription for each topic of a path, whose events go to all of its listeners that act as the
 * same client, or as none.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import type { TopicPattern, WampCaller, WampSubscription } from "#wamp/wamp-caller.ts";
import { type EventSink, TopicFeed } from "./topic-feed.ts";

/** Most topics that the listeners of one path may have between them. */
const MAX_FEEDS = 10_000;

/** As whom a listener subscribes. */
export type FeedIdentity = Pick<WampSubscription, "role" | "principal">;

/** The place of one sink among those of a topic. */
export interface JoinedTopic {
  feed: TopicFeed;
  /** Ends the events for the sink. */
  leave(): void;
}

/** There are as many topics as there may be. */
export class TooManyTopics extends Error {}

/** The feeds of one path. */
export class TopicFeeds {
  readonly #caller: WampCaller;
  readonly #realm: string;
  readonly #log: Logger;
  readonly #feeds = new Map<string, TopicFeed>();

  constructor(caller: WampCaller, realm: string, log: Logger) {
    this.#caller = caller;
    this.#realm = realm;
    this.#log = log;
  }

  /**
   * Sends the events of a topic to a sink, until `leave` is called; `topic` is its place among those of the sink.
   *
   * @throws TooManyTopics
   */
  join(pattern: TopicPattern, identity: FeedIdentity, sink: EventSink, topic: number): JoinedTopic {
    const key = keyOf(pattern, identity);
    const feed = this.#feeds.get(key) ?? this.#open(key, pattern, identity);
    feed.sinks.set(sink, topic);
    const leave = () => {
      feed.sinks.delete(sink);
      this.#closeUnused(key, feed);
    };
    return { feed, leave };
  }

  #open(key: string, pattern: TopicPattern, { role, principal }: FeedIdentity): TopicFeed {
    if (this.#feeds.size >= MAX_FEEDS) throw new TooManyTopics();
    const onEnd = () => {
      if (this.#feeds.get(key) === feed) this.#feeds.delete(key);
    };
    const target = { realm: this.#realm, role, principal, pattern };
    const feed = new TopicFeed(this.#caller, target, this.#log, onEnd);
    this.#feeds.set(key, feed);
    feed.subscribed.then(() => this.#closeUnused(key, feed), onEnd);
    return feed;
  }

  /** A feed whose router has not answered stays, so that it is asked once, however many listeners come and go. */
  #closeUnused(key: string, feed: TopicFeed): void {
    if (feed.sinks.size > 0 || !feed.isSubscribed || this.#feeds.get(key) !== feed) return;
    this.#feeds.delete(key);
    feed.close();
  }
}

/** What listeners are permitted, and what they are sent, may depend on each part. */
function keyOf({ topic, match }: TopicPattern, { role, principal }: FeedIdentity): string {
  const { authid, authmethod, authprovider } = principal ?? {};
  return JSON.stringify([match, topic, role, authid, authmethod, authprovider]);
}
