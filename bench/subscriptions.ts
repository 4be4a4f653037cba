/**
 * 100,000 subscriptions and 100,000 registrations of a realm, half prefixes and half wildcards, in this process: the
 * processor time to find those of a URI, and their memory.
 *
 * Every pattern is another one, of 19 to 23 characters, and of one of ten sessions. Its octets are all that the realm
 * keeps of it: its object, its URI as it comes out of a SUBSCRIBE in CBOR, its share of the tables, and its place in the
 * session's own list. They are the difference of `heapUsed` after collections of garbage, divided by 100,000.
 *
 * @module
 */

import { Incoming } from "#router/incoming.ts";
import type { RealmSession } from "#router/realm-session.ts";
import { RegistrationMap } from "#router/registration-map.ts";
import { SubscriptionMap } from "#router/subscription-map.ts";
import { MessageType } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";

const COUNT = 100_000;
const WARM_UP_MS = 1000;
const MEASURED_MS = 2000;
/** A session may have no more than 65,536. */
const SESSIONS = 10;

type PatternKind = "prefix" | "wildcard";

interface Patterns {
  add(session: RealmSession, uri: string, match: PatternKind): unknown;
  matches(uri: string): readonly unknown[];
}

/** The lines of the table, in Markdown. */
export function subscriptionTable(): string[] {
  const subscriptions = new SubscriptionMap();
  const registrations = new RegistrationMap();
  return [
    `## ${COUNT.toLocaleString("en")} patterns, half prefixes and half wildcards`,
    "",
    "| what | CPU-µs to find those of a URI | octets of each |",
    "|---|---:|---:|",
    measured("subscriptions", subscriptions),
    measured("registrations", {
      add: (session, uri, match) => registrations.add(session, uri, match, "single"),
      matches: (uri) => registrations.matches(uri),
    }),
    "",
  ];
}

function measured(what: string, patterns: Patterns): string {
  const before = heapOctets();
  const sessions = Array.from({ length: SESSIONS }, () => ({}) as RealmSession);
  for (let index = 0; index < COUNT; index++) {
    const [uri, match] = patternOf(index);
    patterns.add(sessions[index % SESSIONS] as RealmSession, received(uri, match), match);
  }
  const octets = (heapOctets() - before) / COUNT;
  const microseconds = matchMicros(patterns);
  return `| ${what} | ${microseconds.toFixed(2)} | ${Math.round(octets)} |`;
}

const patternOf = (index: number): [uri: string, match: PatternKind] =>
  index % 2 === 0
    ? [`com.site${index % 1000}.room${index}`, "prefix"]
    : [`com..room${index}.value`, "wildcard"];

const uriOf = (index: number) => `com.site${index % 1000}.room${index}.value`;

/** A pattern as the router has it: texts that are put together here would take more. */
function received(uri: string, match: PatternKind): string {
  const message = encodeMessage([MessageType.SUBSCRIBE, 1, { match }, uri], "cbor");
  return Incoming.read(message, "cbor").uri(3, match);
}

/** Without the time to make the URIs. */
function matchMicros(patterns: Patterns): number {
  const find = (uri: string) => patterns.matches(uri).length;
  const read = (uri: string) => uri.charCodeAt(0);
  microsOf(find, WARM_UP_MS);
  microsOf(read, WARM_UP_MS);
  return microsOf(find, MEASURED_MS) - microsOf(read, MEASURED_MS);
}

/** Does something with URIs for so long; the microseconds of processor time for each. */
function microsOf(work: (uri: string) => number, ms: number): number {
  const before = process.cpuUsage();
  for (let count = 1; ; count++) {
    // Neighbours in memory would be found too quickly.
    if (work(uriOf((count * 7919) % COUNT)) === 0) {
      throw new Error("Cannot measure: nothing was found");
    }
    if (count % 1000 !== 0) continue;
    const { user, system } = process.cpuUsage(before);
    if (user + system >= ms * 1000) return (user + system) / count;
  }
}

function heapOctets(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}
