import { describe, expect, test } from "bun:test";
import { isLoosePattern, isMatch, type MatchPolicy } from "#router/uri-match.ts";
import { UriPatternMap } from "#router/uri-pattern-map.ts";

describe("isLoosePattern", () => {
  test.each(["exact", "prefix", "wildcard"] as const)(
    "judges %s by each of two million components",
    (match) => {
      const long = `${"a.".repeat(2_000_000)}a`;
      expect(isLoosePattern(long, match)).toBe(true);
      expect(isLoosePattern(`${long}#`, match)).toBe(false);
    },
  );

  test("takes URIs and patterns of each policy, and nothing else", () => {
    expect(isLoosePattern("com.example.Grüße-1", "exact")).toBe(true);
    for (const bad of ["", "com.", "com..x", ".com", "com.a b", "com.#"]) {
      expect(isLoosePattern(bad, "exact")).toBe(false);
    }
    expect(isLoosePattern("com.", "prefix")).toBe(true);
    expect(isLoosePattern("", "prefix")).toBe(true);
    expect(isLoosePattern("com..x", "prefix")).toBe(false);
    expect(isLoosePattern("com..x", "wildcard")).toBe(true);
    expect(isLoosePattern("..", "wildcard")).toBe(true);
    expect(isLoosePattern("com. .x", "wildcard")).toBe(false);
    for (const bad of [".", ".com", "com. ", "com.\n"]) {
      expect(isLoosePattern(bad, "prefix")).toBe(false);
    }
  });
});

test("a pattern of 60,000 components is not read to its end for each URI", () => {
  const pattern = ".".repeat(60_000);
  // To read it for each of them would take longer than the test may.
  for (let index = 0; index < 100_000; index++) {
    expect(isMatch(pattern, "wildcard", `a.${index}`)).toBe(false);
  }
});

describe("UriPatternMap", () => {
  const mapOf = (patterns: [uri: string, match: MatchPolicy][]) => {
    const map = new UriPatternMap<{ uri: string; match: MatchPolicy }>();
    for (const [uri, match] of patterns) map.add({ uri, match });
    return map;
  };

  test("gives the exact match first, then longer prefixes, then more specific wildcards", () => {
    const map = mapOf([
      ["", "prefix"],
      ["a.", "prefix"],
      ["a.b.c", "exact"],
      [".b.c", "wildcard"],
      ["a..c", "wildcard"],
      ["a..", "wildcard"],
      ["a.x.", "wildcard"],
    ]);
    const found = map.matches("a.b.c");
    expect(found.map(({ uri, match }) => `${match} ${uri}`)).toEqual([
      "exact a.b.c",
      "prefix a.",
      "prefix ",
      "wildcard a..c",
      "wildcard a..",
      "wildcard .b.c",
    ]);
    const [exact, prefix, , wildcard] = found;
    for (const one of [exact, prefix, wildcard]) map.delete(one as (typeof found)[0]);
    expect(map.matches("a.b.c").map(({ uri }) => uri)).toEqual(["", "a..", ".b.c"]);
  });

  test("takes a prefix by its characters, also within a component", () => {
    const map = mapOf([
      ["com.ex", "prefix"],
      ["com.example.", "prefix"],
    ]);
    expect(map.matches("com.example").map(({ uri }) => uri)).toEqual(["com.ex"]);
  });

  test("tells patterns of different policies with one text apart", () => {
    const map = mapOf([
      ["a.b", "exact"],
      ["a.b", "prefix"],
      ["a.b", "wildcard"],
    ]);
    expect(map.matches("a.b").map(({ match }) => match)).toEqual(["exact", "prefix", "wildcard"]);
  });

  test("orders wildcards of forty components by their first different ones", () => {
    const literals = Array.from({ length: 40 }, (_, index) => `c${index}`);
    const without = (...any: number[]) =>
      literals.map((one, index) => (any.includes(index) ? "" : one)).join(".");
    const patterns = [without(39), without(15), without(14, 39), without(14), without(0)];
    const map = mapOf(patterns.toReversed().map((uri) => [uri, "wildcard"]));
    expect(map.matches(literals.join(".")).map(({ uri }) => uri)).toEqual([
      without(39),
      without(15),
      without(14),
      without(14, 39),
      without(0),
    ]);
  });
});

describe("what a topic costs among the patterns of a client that means harm", () => {
  /** All wildcards of this many components that are either empty or the same. */
  const allForms = (count: number, end: string) =>
    Array.from({ length: 2 ** count }, (_, form) => ({
      uri: Array.from({ length: count }, (_, at) => (form & (1 << at) ? "" : "a")).join(".") + end,
      match: "wildcard" as const,
    }));
  const mapOf = (values: { uri: string; match: MatchPolicy }[]) => {
    const map = new UriPatternMap<(typeof values)[0]>();
    for (const value of values) map.add(value);
    return map;
  };
  const topic = (count: number, end: string) => Array(count).fill("a").join(".") + end;
  const msOf = (work: () => void) => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };

  test("is little where they do not match in their first components", () => {
    const map = mapOf(allForms(16, ".end"));
    const ms = msOf(() => {
      for (let index = 0; index < 1000; index++)
        map.matches(topic(16, ".end").replaceAll("a", "b"));
    });
    // A look at each of the 65,536 takes a second for ten topics.
    expect(ms).toBeLessThan(500);
  });

  test("is as much as its matches where all of them match", () => {
    const map = mapOf(allForms(16, ""));
    map.matches(topic(16, ""));
    const ms = msOf(() => expect(map.matches(topic(16, ""))).toHaveLength(2 ** 16));
    expect(ms).toBeLessThan(2000);
  });

  test("is no more for components beyond those of all patterns", () => {
    const map = mapOf(allForms(8, ""));
    const long = topic(1_000_000, "");
    map.matches(long);
    expect(msOf(() => expect(map.matches(long)).toEqual([]))).toBeLessThan(500);
  });

  test("is one step for each character of it, whatever prefixes there are", () => {
    const map = mapOf(
      Array.from({ length: 4000 }, (_, index) => ({
        uri: "x".repeat(index + 1),
        match: "prefix" as const,
      })),
    );
    const ms = msOf(() => {
      for (let index = 0; index < 10_000; index++) {
        expect(map.matches(`y.${index}`)).toEqual([]);
      }
    });
    expect(ms).toBeLessThan(2000);
    expect(map.matches("x".repeat(4000))).toHaveLength(4000);
  });
});
