/** Topics of MQTT and URIs of WAMP: the mapping, for any topics and filters, beside the rules of MQTT. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { isMatch } from "#router/uri-match.ts";
import { filterMatches, readFilter, topicOfUri, uriOfTopic } from "#transport/mqtt/topic-map.ts";

/** Few levels, so that topics and filters often meet. */
const level = fc.constantFrom("a", "b", "c", "ä", "$x", "wamp");
const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join("/"));
const filter = fc
  .tuple(
    fc.array(fc.oneof(level, fc.constant("+")), { minLength: 1, maxLength: 4 }),
    fc.constantFrom("", "/#"),
  )
  .map(([levels, end]) => levels.join("/") + end);

/** Whether a filter matches a topic, as MQTT has it (5.0, section 4.7). */
function matchesInMqtt(text: string, name: string): boolean {
  const wanted = text.split("/");
  const levels = name.split("/");
  const isReserved = levels[0]?.startsWith("$") || levels[0] === "wamp";
  if (isReserved && (wanted[0] === "+" || wanted[0] === "#")) return false;
  for (const [index, one] of wanted.entries()) {
    if (one === "#") return true;
    if (levels[index] === undefined || (one !== "+" && one !== levels[index])) return false;
  }
  return wanted.length === levels.length || wanted[levels.length] === "#";
}

test("a filter gets the topics that it gets in MQTT, by their names", () => {
  const cases = fc.property(fc.oneof(filter, fc.constant("#")), topic, (text, name) => {
    const uri = uriOfTopic(name) ?? "";
    const read = readFilter(text);
    if (read === undefined) throw new Error(`no filter: ${text}`);
    const isSubscribed = read.patterns.some(({ topic: pattern, match }) =>
      isMatch(pattern, match, uri),
    );
    const isSent = isSubscribed && filterMatches(read, uri);
    // `a/#` of a parent is found by the level behind it.
    const levels = text.endsWith("/#") ? [text, text.slice(0, -2)] : [text];
    const isWanted = levels.some((one) => matchesInMqtt(one, name));
    expect(isSent).toBe(isWanted);
    if (isSent) expect(topicOfUri(uri, read)).toBe(name);
  });
  fc.assert(cases, { numRuns: 3_000 });
});

test("a topic is the same again where no level has a dot", () => {
  const cases = fc.property(fc.string({ unit: "grapheme" }), (name) => {
    const uri = uriOfTopic(name);
    if (uri === undefined || name.includes(".") || /[+#]/.test(name)) return;
    expect(topicOfUri(uri, readFilter("#") as never) ?? name).toBe(name);
    expect(uri.includes("/")).toBe(false);
  });
  fc.assert(cases, { numRuns: 2_000 });
});

test("any text is a filter of sound patterns, or none", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "/", "+", "#", ".", " ", "\0", "$") });
  const cases = fc.property(text, (one) => {
    for (const { topic: pattern, match } of readFilter(one)?.patterns ?? []) {
      expect(pattern).not.toMatch(/[\s#\0+/]/);
      if (match === "exact") expect(uriOfTopic(pattern)).toBe(pattern);
    }
  });
  fc.assert(cases, { numRuns: 3_000 });
});
