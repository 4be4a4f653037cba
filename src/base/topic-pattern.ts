/**
 * isTopicPattern: whether routers take a URI as a topic to subscribe to.
 *
 * @module
 */

/** How topics are compared with a pattern. */
export type TopicMatch = "exact" | "prefix" | "wildcard";

/** Loose URIs without control characters; a router closes a session that sends any other. */
const URIS: Record<TopicMatch, RegExp> = {
  exact: /^[^\s.#\p{Cc}]+(\.[^\s.#\p{Cc}]+)*$/u,
  prefix: /^([^\s.#\p{Cc}]+\.)*[^\s.#\p{Cc}]*$/u,
  wildcard: /^[^\s.#\p{Cc}]*(\.[^\s.#\p{Cc}]*)*$/u,
};

const MAX_CHARACTERS = 1024;

/** Whether a pattern has the form that its match wants (WAMP specification, section "URIs"). */
export function isTopicPattern(topic: string, match: TopicMatch): boolean {
  return topic !== "" && topic.length <= MAX_CHARACTERS && URIS[match].test(topic);
}
