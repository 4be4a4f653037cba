import { describe, expect, test } from "bun:test";
import { isLoosePattern, matcherOf, UriPatternMap } from "#router/uri-match.ts";

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

test("a pattern of 60,000 components is not read again for each URI", () => {
  const isMatch = matcherOf(".".repeat(60_000), "wildcard");
  // To split it for each of them would take longer than the test may.
  for (let index = 0; index < 100_000; index++) expect(isMatch(`a.${index}`)).toBe(false);
});

describe("UriPatternMap", () => {
  test("gives the exact match first, then longer prefixes, then more specific wildcards", () => {
    const map = new UriPatternMap<string>();
    map.set("", "prefix", "everything");
    map.set("a.", "prefix", "below a");
    map.set("a.b.c", "exact", "exact");
    map.set(".b.c", "wildcard", "late");
    map.set("a..c", "wildcard", "early");
    map.set("a..", "wildcard", "earlier but less");
    map.set("a.x.", "wildcard", "other");
    expect([...map.matches("a.b.c")]).toEqual([
      "exact",
      "below a",
      "everything",
      "early",
      "earlier but less",
      "late",
    ]);
    map.delete("a.", "prefix");
    map.delete("a..c", "wildcard");
    map.delete("a.b.c", "exact");
    expect([...map.matches("a.b.c")]).toEqual(["everything", "earlier but less", "late"]);
  });

  test("tells patterns of different policies with one text apart", () => {
    const map = new UriPatternMap<number>();
    map.set("a.b", "exact", 1);
    map.set("a.b", "prefix", 2);
    map.set("a.b", "wildcard", 3);
    expect([map.get("a.b", "exact"), map.get("a.b", "prefix"), map.get("a.b", "wildcard")]).toEqual(
      [1, 2, 3],
    );
  });

  test("finds one of 100,000 wildcards without a look at the others", () => {
    const map = new UriPatternMap<number>();
    for (let index = 0; index < 100_000; index++) map.set(`com..room${index}`, "wildcard", index);
    const startedAt = performance.now();
    for (let index = 0; index < 10_000; index++) {
      expect([...map.matches(`com.site.room${index}`)]).toEqual([index]);
    }
    // A search through all of them takes 10 ms for each.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
