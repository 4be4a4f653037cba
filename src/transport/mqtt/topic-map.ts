/**
 * Topics of MQTT and URIs of WAMP: `/` stands for `.`.
 *
 *     topic      a/b          a.b
 *     filter     a/b          a.b            exact
 *                a/+/c        a..c           wildcard
 *                a/#          a. and a       prefix, and exact: `#` matches its parent too
 *                a/+/c/#      a.             prefix, and each event is compared with the filter
 *                #, +/b                      not topics that begin with `$`, nor with `wamp`
 *
 * The levels that a filter names stay as they are named: an event of `v1.0.x` is `v1.0/x` for `v1.0/+`, and `v1/0/x`
 * for `#`. docs/mqtt.md has what cannot be told.
 *
 * @module
 */

import { isLooseUri } from "#wamp/loose-uri.ts";
import type { TopicPattern } from "#wamp/wamp-caller.ts";

/** Longest text of MQTT, in octets. */
const MAX_TEXT_OCTETS = 65_535;

/** A topic filter, and the topics of WAMP that are subscribed to for it. */
export interface TopicFilter {
  readonly text: string;
  readonly patterns: readonly TopicPattern[];
  /** Its levels; undefined: it has no wildcard. */
  readonly levels: readonly string[] | undefined;
  /** Whether its patterns match topics that it does not. */
  readonly isNarrower: boolean;
}

/** The URI of a topic name; undefined: it has none. */
export function uriOfTopic(topic: string): string | undefined {
  const uri = topic.replaceAll("/", ".");
  return isMapped(topic, uri) ? uri : undefined;
}

/** A level that is empty would be one that begins or ends with a dot. */
function isMapped(topic: string, uri: string): boolean {
  return isLooseUri(uri) && !topic.includes("\0");
}

/** Reads a topic filter; undefined: it is malformed, or has levels that no URI has. */
export function readFilter(text: string): TopicFilter | undefined {
  if (!/[+#]/.test(text)) {
    const uri = uriOfTopic(text);
    if (uri === undefined) return undefined;
    const patterns = [{ topic: uri, match: "exact" as const }];
    return { text, patterns, levels: undefined, isNarrower: false };
  }
  const levels = text.split("/");
  const isOpen = levels.at(-1) === "#";
  const named = isOpen ? levels.slice(0, -1) : levels;
  if (!named.every((level) => level === "+" || isLevel(level))) return undefined;
  const patterns = patternsOf(named, isOpen);
  const hasOpenBegin = levels[0] === "+" || levels[0] === "#";
  const isMixed = isOpen && named.includes("+");
  return { text, patterns, levels, isNarrower: hasOpenBegin || isMixed };
}

function isLevel(level: string): boolean {
  return !/[+#]/.test(level) && uriOfTopic(level) !== undefined;
}

function patternsOf(named: readonly string[], isOpen: boolean): TopicPattern[] {
  if (!isOpen) {
    const topic = named.map((level) => (level === "+" ? "" : level)).join(".");
    return [{ topic, match: "wildcard" }];
  }
  const first = named.indexOf("+");
  const literal = (first < 0 ? named : named.slice(0, first)).join(".");
  const prefix = { topic: literal === "" ? "" : `${literal}.`, match: "prefix" as const };
  const isParentMatched = first < 0 && literal !== "";
  return isParentMatched ? [prefix, { topic: literal, match: "exact" }] : [prefix];
}

/** Whether a filter matches a topic that one of its patterns matches. */
export function filterMatches({ levels, isNarrower }: TopicFilter, uri: string): boolean {
  if (!isNarrower || levels === undefined) return true;
  const begin = levels[0];
  if ((begin === "+" || begin === "#") && isReserved(uri)) return false;
  return restBehind(levels, uri) !== undefined;
}

/** The topics of servers themselves, which no wildcard at the first level matches. */
function isReserved(uri: string): boolean {
  return uri.startsWith("$") || uri === "wamp" || uri.startsWith("wamp.");
}

/** The components of a URI, joined as the levels of a filter, as far as it has levels; undefined: it does not match. */
function restBehind(levels: readonly string[], uri: string): string[] | undefined {
  const topic: string[] = [];
  let at = 0;
  for (const level of levels) {
    if (level === "#") {
      if (at <= uri.length) topic.push(...uri.slice(at).split("."));
      return topic;
    }
    if (at > uri.length) return undefined;
    if (level === "+") {
      const dot = uri.indexOf(".", at);
      const end = dot < 0 ? uri.length : dot;
      topic.push(uri.slice(at, end));
      at = end + 1;
    } else {
      const end = at + level.length;
      const isNext = uri.startsWith(level, at) && (end === uri.length || uri[end] === ".");
      if (!isNext) return undefined;
      topic.push(level);
      at = end + 1;
    }
  }
  return at > uri.length ? topic : undefined;
}

/** The topic name of an event for the subscriber with this filter; undefined: it has none. */
export function topicOfUri(uri: string, { text, levels }: TopicFilter): string | undefined {
  if (levels === undefined) return text;
  // A component with a slash would be two levels.
  if (/[/+\0]/.test(uri)) return undefined;
  const topic = restBehind(levels, uri)?.join("/");
  if (topic === undefined || topic === "") return undefined;
  return Buffer.byteLength(topic) <= MAX_TEXT_OCTETS ? topic : undefined;
}
