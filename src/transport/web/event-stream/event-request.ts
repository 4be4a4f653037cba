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

/** The topics that a query names; a text says what is wrong with them. */
export function topicsOf(query: URLSearchParams): TopicPattern[] | string {
  const topics = new Map<string, TopicPattern>();
  for (const [name, topic] of query) {
    const match = Object.hasOwn(MATCHES, name) ? MATCHES[name as keyof typeof MATCHES] : undefined;
    if (match === undefined) continue;
    if (!isTopicPattern(topic, match)) return `"${name}" is no URI of ${match} match`;
    topics.set(`${match} ${topic}`, { topic, match });
  }
  if (topics.size === 0) return '"topic", "prefix" or "wildcard" is missing';
  if (topics.size > MAX_TOPICS) return `it names more than ${MAX_TOPICS} topics`;
  return [...topics.values()];
}
