/**
 * TopicFeeds: one subscription for each topic of a path, whose events go to all of its listeners that act as the
 * same client, or as none.
 *
 * An event is printed once for each subscription, and every listener is sent the same octets.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import type {
  TopicEvent,
  TopicPattern,
  TopicReceiver,
  WampCaller,
  WampSubscription,
} from "#wamp/wamp-caller.ts";
import { eventText } from "./event-text.ts";

/** Most topics that the listeners of one path may have between them. */
const MAX_FEEDS = 10_000;

/** Gets the printed events of its topics. */
export interface EventSink {
  /** The octets are shared. */
  onEventText(octets: Uint8Array): void;
  /** No event follows: the router is lost. */
  onFeedEnd(): void;
}

/** As whom a listener subscribes. */
export type FeedIdentity = Pick<WampSubscription, "role" | "principal">;

/** The place of one sink among those of a topic. */
export interface JoinedTopic {
  /** Resolves when the router has taken the subscription; rejects with what `WampCaller.subscribe` throws. */
  subscribed: Promise<unknown>;
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
   * Sends the events of a topic to a sink, until `leave` is called.
   *
   * @throws TooManyTopics
   */
  join(pattern: TopicPattern, identity: FeedIdentity, sink: EventSink): JoinedTopic {
    const key = keyOf(pattern, identity);
    const feed = this.#feeds.get(key) ?? this.#open(key, pattern, identity);
    feed.sinks.add(sink);
    const leave = () => {
      feed.sinks.delete(sink);
      this.#closeUnused(key, feed);
    };
    return { subscribed: feed.subscribed, leave };
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

/** One topic, and its listeners. */
class TopicFeed implements TopicReceiver {
  readonly sinks = new Set<EventSink>();
  readonly #log: Logger;
  readonly #onEnd: () => void;
  /** Resolves when the router has taken the subscription. */
  readonly subscribed: Promise<unknown>;
  /** Ends the subscription; null: the router has not taken it. */
  #unsubscribe: (() => void) | null = null;

  constructor(
    caller: WampCaller,
    target: Omit<WampSubscription, "receiver">,
    log: Logger,
    onEnd: () => void,
  ) {
    this.#log = log;
    this.#onEnd = onEnd;
    this.subscribed = caller.subscribe({ ...target, receiver: this }).then((unsubscribe) => {
      this.#unsubscribe = unsubscribe;
    });
  }

  get isSubscribed(): boolean {
    return this.#unsubscribe !== null;
  }

  close(): void {
    this.#unsubscribe?.();
  }

  onEvent(event: TopicEvent): void {
    try {
      const octets = eventText(event);
      for (const sink of this.sinks) sink.onEventText(octets);
    } catch (thrown) {
      if (!(thrown instanceof UnrepresentableValue || thrown instanceof MalformedMessage))
        throw thrown;
      this.#log.warn("event left out", { topic: event.topic, reason: thrown.message });
    }
  }

  onEnd(): void {
    this.#onEnd();
    for (const sink of [...this.sinks]) sink.onFeedEnd();
  }
}
