/**
 * RetainedEvents: the last event of each topic that its publisher wants to be kept (WAMP specification, section
 * "Event Retention").
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { KeptPublication } from "./publication.ts";
import { isMatch, type MatchPolicy } from "./uri-match.ts";

/** Most topics of a realm with a retained event. */
const MAX_TOPICS = 10_000;

/** Most octets of them together. */
const MAX_OCTETS = 64 * 1024 * 1024;

/** The retained events of a realm by topic. */
export class RetainedEvents {
  readonly #byTopic = new Map<string, KeptPublication>();
  #octets = 0;

  /**
   * Keeps an event in place of the last one of its topic.
   *
   * @throws Failure (`wamp.error.unavailable`) when too much is kept already.
   */
  set(event: KeptPublication): void {
    const before = this.#byTopic.get(event.topic);
    const octets = this.#octets - (before?.octets ?? 0) + event.octets;
    const isFull = before === undefined && this.#byTopic.size >= MAX_TOPICS;
    if (isFull || octets > MAX_OCTETS) throw full(event.topic);
    this.#byTopic.set(event.topic, event);
    this.#octets = octets;
  }

  /** The events of the topics that a pattern matches. */
  matching(uri: string, match: MatchPolicy): KeptPublication[] {
    if (match !== "exact") {
      return [...this.#byTopic.values()].filter(({ topic }) => isMatch(uri, match, topic));
    }
    const event = this.#byTopic.get(uri);
    return event === undefined ? [] : [event];
  }
}

function full(topic: string): Failure {
  return new Failure(
    `Cannot retain the event of "${topic}": the realm keeps as many as it may (${MAX_TOPICS} topics, ${MAX_OCTETS} octets)`,
    { source: "client", uri: ErrorUri.unavailable },
  );
}
