/**
 * SharedEvents: the publications of a realm, as they reach its other workers, and those of others.
 *
 * Each pattern that somebody here has subscribed to is subscribed to at the engine, and what comes for it goes to the
 * subscribers of this pattern alone: so each of them gets an event once, however many patterns match.
 *
 * @module
 */

import type { Failure } from "#base/failure.ts";
import { takeOctets } from "#base/octet-ownership.ts";
import type { Logger } from "#observe/logger.ts";
import type { Broker } from "#router/broker.ts";
import type { PublishRequest } from "#router/requests.ts";
import type { Subscription } from "#router/subscription-map.ts";
import type { MatchPolicy } from "#router/uri-match.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import type { ClusterEngine } from "./cluster-engine.ts";
import { decodeEvent, encodeEvent, receiverLists, type SentPublication } from "./event-message.ts";
import { patternParts, topicParts } from "./subjects.ts";

/** A pattern that is subscribed to at the engine. */
interface OpenPattern {
  readonly stop: () => void;
  /** Undefined: the engine has it. */
  opening: Promise<void> | undefined;
}

/** Sends and receives the events of one realm. */
export class SharedEvents {
  readonly #engine: ClusterEngine;
  readonly #root: string;
  readonly #broker: Broker;
  readonly #log: Logger;
  readonly #patterns = new Map<string, OpenPattern>();

  /** `root` is what the subjects of the realm begin with. */
  constructor(engine: ClusterEngine, root: string, broker: Broker, log: Logger) {
    this.#engine = engine;
    this.#root = `${root}.e`;
    this.#broker = broker;
    this.#log = log;
  }

  /**
   * Opens a pattern to which somebody is to subscribe; undefined: it is open.
   *
   * @throws Failure (`wamp.error.invalid_uri`) when it is too long.
   */
  open(uri: string, match: MatchPolicy): Promise<void> | undefined {
    const key = keyOf(uri, match);
    const open = this.#patterns.get(key);
    if (open !== undefined) return open.opening;
    const subject = `${this.#root}.${patternParts(uri, match)}`;
    const stop = this.#engine.subscribe(subject, (octets) => this.#receive(uri, match, octets));
    const pattern: OpenPattern = { stop, opening: undefined };
    this.#patterns.set(key, pattern);
    // While the engine is away the subscription waits for it.
    if (!this.#engine.isConnected) return undefined;
    pattern.opening = this.#engine
      .flush()
      .catch(() => {})
      .finally(() => {
        pattern.opening = undefined;
      });
    return pattern.opening;
  }

  /** Closes the pattern of a subscription that is of no use any more. */
  closeUnused(subscription: Subscription): void {
    if (!subscription.isUsed) this.#close(subscription.uri, subscription.match);
  }

  /** Opens and closes patterns, until those of all subscriptions are open. */
  openAll(subscriptions: Iterable<Subscription>): void {
    const wanted = new Set<string>();
    for (const { uri, match } of subscriptions) {
      wanted.add(keyOf(uri, match));
      void this.open(uri, match);
    }
    for (const [key, { stop }] of this.#patterns) {
      if (wanted.has(key)) continue;
      stop();
      this.#patterns.delete(key);
    }
  }

  /**
   * Sends a publication to the other workers; while the engine is away it stays on this one.
   *
   * @throws Failure when too much waits for the engine, or the topic is too long.
   */
  publish(publication: SentPublication, options: PublishRequest["options"]): void {
    if (!this.#engine.isConnected) return;
    const subject = `${this.#root}.${topicParts(publication.topic)}`;
    this.#engine.publish(subject, encodeEvent(publication, receiverLists(options)));
  }

  /** Calls back once the engine has what was published, at once while it is away. */
  whenPublished(published: () => void, failed: (failure: Failure) => void): void {
    if (this.#engine.isConnected) this.#engine.flush().then(published, failed);
    else published();
  }

  close(): void {
    for (const { stop } of this.#patterns.values()) stop();
    this.#patterns.clear();
  }

  #receive(uri: string, match: MatchPolicy, octets: Uint8Array): void {
    const subscription = this.#broker.subscriptions.get(uri, match);
    if (subscription === undefined) {
      // Its subscriber was refused, or left, before it had subscribed.
      if (this.#patterns.get(keyOf(uri, match))?.opening === undefined) this.#close(uri, match);
      return;
    }
    try {
      const publication = decodeEvent(takeOctets(octets));
      // The subject of a prefix has more than it matches.
      if (match === "prefix" && !publication.topic.startsWith(uri)) return;
      this.#broker.deliver(publication, [subscription]);
    } catch (thrown) {
      if (!(thrown instanceof MalformedMessage)) throw thrown;
      this.#log.warn("cluster message not read", { reason: thrown.message });
    }
  }

  #close(uri: string, match: MatchPolicy): void {
    const key = keyOf(uri, match);
    this.#patterns.get(key)?.stop();
    this.#patterns.delete(key);
  }
}

function keyOf(uri: string, match: MatchPolicy): string {
  return `${match} ${uri}`;
}
