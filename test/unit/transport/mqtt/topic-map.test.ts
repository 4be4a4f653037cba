/** Topics of MQTT as URIs of WAMP, and back. */

import { describe, expect, test } from "bun:test";
import { filterMatches, readFilter, topicOfUri, uriOfTopic } from "#transport/mqtt/topic-map.ts";

test.each<[string, string | undefined]>([
  ["a", "a"],
  ["a/b/c", "a.b.c"],
  ["a.b/c", "a.b.c"],
  ["ä/€", "ä.€"],
  ["$SYS/x", "$SYS.x"],
  ["a//b", undefined],
  ["/a", undefined],
  ["a/", undefined],
  ["a b", undefined],
  ["a\0", undefined],
  ["", undefined],
])("the topic %j is the URI %j", (topic, uri) => {
  expect(uriOfTopic(topic)).toBe(uri);
});

test.each<[string, string[] | null]>([
  ["a/b", ["exact a.b"]],
  ["a/+/c", ["wildcard a..c"]],
  ["+", ["wildcard "]],
  ["a/#", ["prefix a.", "exact a"]],
  ["a/b.c/#", ["prefix a.b.c.", "exact a.b.c"]],
  ["#", ["prefix "]],
  ["a/+/c/#", ["prefix a."]],
  ["+/#", ["prefix "]],
  ["a#", null],
  ["a/#/b", null],
  ["a+/b", null],
  ["a//#", null],
  ["/+", null],
  ["a b/+", null],
])("the filter %j is %j", (text, patterns) => {
  const filter = readFilter(text);
  expect(filter?.patterns.map(({ topic, match }) => `${match} ${topic}`) ?? null).toEqual(patterns);
});

describe("an event", () => {
  // The topic of an event for a filter; null: the filter does not match it, undefined: its URI is no topic.
  test.each<[string, string, string | null | undefined]>([
    ["a/b", "a.b", "a/b"],
    ["a.b", "a.b", "a.b"],
    ["v1.0/+", "v1.0.x", "v1.0/x"],
    ["#", "v1.0.x", "v1/0/x"],
    ["a/#", "a", "a"],
    ["a/#", "a.b.c", "a/b/c"],
    ["a/+/#", "a.b", "a/b"],
    ["a/+/c/#", "a.b.c", "a/b/c"],
    ["a/+/c/#", "a.b.d", null],
    ["a/+/c/#", "a.b", null],
    ["+/#", "$SYS.x", null],
    ["#", "$SYS", null],
    ["#", "wamp.session.on_join", null],
    ["#", "wampum", "wampum"],
    ["wamp/#", "wamp.session.on_join", "wamp/session/on_join"],
    ["+/b", "$SYS.b", null],
    ["a/+", "a.b/c", undefined],
    ["a/+", "a.b+c", undefined],
    ["a/+", `a.${"x".repeat(65_534)}`, undefined],
    ["a/+", `a.${"x".repeat(65_533)}`, `a/${"x".repeat(65_533)}`],
  ])("for %j of %j", (text, uri, topic) => {
    const filter = readFilter(text);
    if (filter === undefined) throw new Error("no filter");
    expect(filterMatches(filter, uri) ? topicOfUri(uri, filter) : null).toBe(topic);
  });
});
