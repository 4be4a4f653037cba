/**
 * 100,000 subscriptions of a realm, half prefixes and half wildcards, in this process: the time to find those of a
 * topic, and their memory.
 *
 * @module
 */

import type { RealmSession } from "#router/realm-session.ts";
import { SubscriptionMap } from "#router/subscription-map.ts";

const COUNT = 100_000;
const WARM_UP_MS = 1000;
const MEASURED_MS = 2000;
/** A session may have no more than 65,536. */
const SESSIONS = 10;

/** The lines of the table, in Markdown. */
export function subscriptionTable(): string[] {
  const before = heapOctets();
  const map = new SubscriptionMap();
  const sessions = Array.from({ length: SESSIONS }, () => ({}) as RealmSession);
  for (let index = 0; index < COUNT; index++) {
    const [uri, match] = patternOf(index);
    map.add(sessions[index % SESSIONS] as RealmSession, uri, match);
  }
  const octets = (heapOctets() - before) / COUNT;
  const microseconds = matchMicros(map);
  return [
    `## ${COUNT.toLocaleString("en")} subscriptions, half prefixes and half wildcards`,
    "",
    "| µs to find those of a topic | octets of a subscription |",
    "|---:|---:|",
    `| ${microseconds.toFixed(2)} | ${Math.round(octets)} |`,
    "",
  ];
}

const patternOf = (index: number): [uri: string, match: "prefix" | "wildcard"] =>
  index % 2 === 0
    ? [`com.site${index % 1000}.room${index}`, "prefix"]
    : [`com..room${index}.value`, "wildcard"];

const topicOf = (index: number) => `com.site${index % 1000}.room${index}.value`;

function matchMicros(map: SubscriptionMap): number {
  searchFor(map, WARM_UP_MS);
  return searchFor(map, MEASURED_MS);
}

/** Finds subscriptions for so long; the microseconds that one search took. */
function searchFor(map: SubscriptionMap, ms: number): number {
  const startedAt = performance.now();
  for (let searches = 1; ; searches++) {
    // Neighbours in memory would be found too quickly.
    const found = map.matches(topicOf((searches * 7919) % COUNT)).length;
    if (found === 0) throw new Error("Cannot measure: no subscription was found");
    const elapsed = performance.now() - startedAt;
    if (elapsed >= ms) return (elapsed * 1000) / searches;
  }
}

function heapOctets(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}
