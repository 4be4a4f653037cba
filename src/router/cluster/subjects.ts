/**
 * Subjects and keys of the engine for realms, topics and patterns.
 *
 *     com.example.topic   e.com.example.topic
 *     com..topic          e.com.*.topic       as a wildcard
 *     com.exa             e.com.>             as a prefix: it has also what other topics send below `com`
 *
 * In a part of a subject, `*`, `>`, `=`, white space and control characters are written as `=2A`, and an empty part
 * as `=`. In a part of a key, everything but letters, digits, `-` and `_` is.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { MatchPolicy } from "#router/uri-match.ts";
import { ErrorUri } from "#wamp/error-uri.ts";

/** NATS takes 4,096 octets for a subject, its payload's length, and more. */
const MAX_OCTETS = 3_000;

/** A URI as one part of a subject or of a key. */
export function partOf(uri: string): string {
  return escapeIn(uri, /[^A-Za-z0-9_-]/gu);
}

/**
 * The parts of the subject of a topic.
 *
 * @throws Failure (`wamp.error.invalid_uri`) when it is too long.
 */
export function topicParts(topic: string): string {
  return refuseTooLong(topic, topic.split(".").map(escapePart).join("."));
}

/**
 * The parts of the subject on which everything comes that a pattern matches.
 *
 * @throws Failure (`wamp.error.invalid_uri`) when it is too long.
 */
export function patternParts(pattern: string, match: MatchPolicy): string {
  if (match === "exact") return topicParts(pattern);
  const parts = pattern.split(".");
  if (match === "wildcard") {
    const escaped = parts.map((part) => (part === "" ? "*" : escapePart(part)));
    return refuseTooLong(pattern, escaped.join("."));
  }
  const whole = parts.slice(0, -1).map(escapePart);
  return refuseTooLong(pattern, [...whole, ">"].join("."));
}

function escapePart(part: string): string {
  return part === "" ? "=" : escapeIn(part, /[*>=\s\p{Cc}]/gu);
}

function escapeIn(text: string, special: RegExp): string {
  return text.replace(special, (character) =>
    [...Buffer.from(character)]
      .map((octet) => `=${octet.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}

function refuseTooLong(uri: string, parts: string): string {
  if (Buffer.byteLength(parts) <= MAX_OCTETS) return parts;
  throw new Failure(
    `Cannot use "${uri.slice(0, 200)}": in a cluster, a URI may have ${MAX_OCTETS} octets`,
    { source: "client", uri: ErrorUri.invalidUri },
  );
}
