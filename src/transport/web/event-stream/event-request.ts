/**
 * What a listener asks for: topics by the query of its request, where the path names none.
 *
 *     ?topic=com.example.news&prefix=com.example.&wildcard=com..created
 *
 * @module
 */

import { isTopicPattern } from "#base/topic-pattern.ts";
import type { TopicPattern } from "#wamp/wamp-caller.ts";

/** Most topics of one listener. */
const MAX_TOPICS = 16;

const MATCHES = { topic: "exact", prefix: "prefix", wildcard: "wildcard" } as const;

/** These topics, each of them once. */
export function distinctTopics(topics: readonly TopicPattern[]): TopicPattern[] {
  return [...new Map(topics.map((one) => [`${one.match} ${one.topic}`, one])).values()];
}

/** The topics that a query names; a text says what is wrong with them. */
export function topicsOf(query: URLSearchParams): TopicPattern[] | string {
  const named: TopicPattern[] = [];
  for (const [name, topic] of query) {
    const match = Object.hasOwn(MATCHES, name) ? MATCHES[name as keyof typeof MATCHES] : undefined;
    if (match === undefined) continue;
    if (!isTopicPattern(topic, match)) return `"${name}" is no URI of ${match} match`;
    named.push({ topic, match });
  }
  const topics = distinctTopics(named);
  if (topics.length === 0) return '"topic", "prefix" or "wildcard" is missing';
  if (topics.length > MAX_TOPICS) return `it names more than ${MAX_TOPICS} topics`;
  return topics;
}
