/**
 * TopicFeeds: one subscription for each topic of a path, whose events go to all of its listeners.
 *
 * An event is printed once, and every listener is sent the same octets.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import type { TopicEvent, TopicPattern, TopicReceiver, WampCaller } from "#wamp/wamp-caller.ts";
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

/** The realm and the role that subscribe. */
export interface FeedIdentity {
  realm: string;
  role: string;
}

/** There are as many topics as there may be. */
export class TooManyTopics extends Error {}

/** The feeds of one path. */
export class TopicFeeds {
  readonly #caller: WampCaller;
  readonly #identity: FeedIdentity;
  readonly #log: Logger;
  readonly #feeds = new Map<string, TopicFeed>();

  constructor(caller: WampCaller, identity: FeedIdentity, log: Logger) {
    this.#caller = caller;
    this.#identity = identity;
    this.#log = log;
  }

  /**
   * Sends the events of a topic to a sink, until the function that it returns is called.
   *
   * @throws TooManyTopics, and what `WampCaller.subscribe` throws.
   */
  async join(pattern: TopicPattern, sink: EventSink): Promise<() => void> {
    const key = `${pattern.match} ${pattern.topic}`;
    const feed = this.#feeds.get(key) ?? this.#open(key, pattern);
    feed.sinks.add(sink);
    const leave = () => {
      feed.sinks.delete(sink);
      if (feed.sinks.size > 0 || this.#feeds.get(key) !== feed) return;
      this.#feeds.delete(key);
      feed.close();
    };
    try {
      await feed.subscribed;
      return leave;
    } catch (thrown) {
      leave();
      throw thrown;
    }
  }

  #open(key: string, pattern: TopicPattern): TopicFeed {
    if (this.#feeds.size >= MAX_FEEDS) throw new TooManyTopics();
    const onEnd = () => {
      if (this.#feeds.get(key) === feed) this.#feeds.delete(key);
    };
    const feed = new TopicFeed(this.#log, onEnd);
    this.#feeds.set(key, feed);
    feed.subscribe(this.#caller, { ...this.#identity, pattern });
    return feed;
  }
}

/** One topic, and its listeners. */
class TopicFeed implements TopicReceiver {
  readonly sinks = new Set<EventSink>();
  readonly #log: Logger;
  readonly #onEnd: () => void;
  readonly #abort = new AbortController();
  #unsubscribe: Promise<() => void> = Promise.reject(new Error("nothing is subscribed to"));

  constructor(log: Logger, onEnd: () => void) {
    this.#log = log;
    this.#onEnd = onEnd;
    this.#unsubscribe.catch(() => {});
  }

  /** Resolves when the router has taken the subscription. */
  get subscribed(): Promise<unknown> {
    return this.#unsubscribe;
  }

  subscribe(caller: WampCaller, target: FeedIdentity & { pattern: TopicPattern }): void {
    const { signal } = this.#abort;
    this.#unsubscribe = caller.subscribe({ ...target, receiver: this, signal });
    this.#unsubscribe.catch(this.#onEnd);
  }

  close(): void {
    this.#abort.abort();
    this.#unsubscribe.then(
      (unsubscribe) => unsubscribe(),
      () => {},
    );
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
