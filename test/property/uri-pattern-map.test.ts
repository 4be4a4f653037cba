/** UriPatternMap beside a list that is searched from end to end. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EMPTY_HASH, hashWith } from "#router/text-hash.ts";
import { isMatch, type MatchPolicy } from "#router/uri-match.ts";
import { UriPatternMap } from "#router/uri-pattern-map.ts";

interface Value {
  readonly uri: string;
  readonly match: MatchPolicy;
}

const component = fc.constantFrom("", "", "a", "b", "ab", "Grüße");
const text = fc
  .array(component, { minLength: 1, maxLength: 5 })
  .map((components) => components.join("."));
const pattern = fc.record({
  uri: text,
  match: fc.constantFrom<MatchPolicy>("exact", "prefix", "wildcard", "wildcard", "wildcard"),
});

/** The place of a value among those that match: exact, then longer prefixes, then earlier literal components. */
function rankOf({ uri, match }: Value): string {
  if (match === "exact") return "0";
  if (match === "prefix") return `1 ${String(1000 - uri.length).padStart(4, "0")}`;
  return `2 ${uri
    .split(".")
    .map((part) => (part === "" ? "1" : "0"))
    .join("")}`;
}

const inOrder = (values: readonly Value[]) =>
  values.toSorted((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1));

function matchingOf(values: Iterable<Value>, uri: string): Value[] {
  return inOrder([...values].filter((one) => isMatch(one.uri, one.match, uri)));
}

/** Adds a value, or removes the one with its pattern. */
function toggle(map: UriPatternMap<Value>, kept: Map<string, Value>, value: Value): void {
  const key = `${value.match} ${value.uri}`;
  const before = kept.get(key);
  if (before === undefined) {
    kept.set(key, value);
    map.add(value);
  } else {
    kept.delete(key);
    map.delete(before);
  }
}

test("finds all patterns that match, best first, whatever was added and removed, and is empty at the end", () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 120 }),
      fc.array(text, { minLength: 1, maxLength: 10 }),
      (changes, uris) => {
        const map = new UriPatternMap<Value>();
        const emptyOctets = map.octets;
        const kept = new Map<string, Value>();
        for (const value of changes) toggle(map, kept, { ...value });
        for (const uri of [...uris, ...changes.map((one) => one.uri)]) {
          expect(map.matches(uri)).toEqual(matchingOf(kept.values(), uri));
          for (const match of ["exact", "prefix", "wildcard"] as const) {
            expect(map.get(uri, match)).toBe(kept.get(`${match} ${uri}`));
          }
        }
        expect(new Set(map.values())).toEqual(new Set(kept.values()));
        for (const value of kept.values()) map.delete(value);
        expect([[...map.values()], map.nextPlace, map.octets]).toEqual([[], 1, emptyOctets]);
      },
    ),
    { numRuns: 500 },
  );
});

test("finds wildcards of which most differ in one component, while they come and go", () => {
  const wildcard = fc
    .array(fc.constantFrom("", "a", "b", "c"), { minLength: 4, maxLength: 4 })
    .map((components): Value => ({ uri: components.join("."), match: "wildcard" }));
  fc.assert(
    fc.property(
      fc.array(wildcard, { minLength: 300, maxLength: 500 }),
      wildcard,
      (changes, { uri }) => {
        const map = new UriPatternMap<Value>();
        const kept = new Map<string, Value>();
        for (const [index, value] of changes.entries()) {
          toggle(map, kept, value);
          if (index % 10 === 0) expect(map.matches(uri)).toEqual(matchingOf(kept.values(), uri));
        }
        for (const value of kept.values()) {
          map.delete(value);
          kept.delete(`wildcard ${value.uri}`);
          expect(map.matches(value.uri)).toEqual(matchingOf(kept.values(), value.uri));
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("finds one of many patterns, and gives their memory back", () => {
  const map = new UriPatternMap<Value>();
  const emptyOctets = map.octets;
  const values = Array.from({ length: 20_000 }, (_, index): Value[] => [
    { uri: `com.site.room${index}.a`, match: "exact" },
    { uri: `com.site.room${index}.`, match: "prefix" },
    { uri: `com..room${index}.a`, match: "wildcard" },
    { uri: `com..room${index}.`, match: "wildcard" },
  ]).flat();
  // So many of each site that nodes tell them apart.
  const others = Array.from({ length: 20_000 }, (_, index): Value => {
    return { uri: `org.site${index % 1000}.room${index}.`, match: "wildcard" };
  });
  for (const value of others) map.add(value);
  for (const value of values) map.add(value);
  for (let index = 0; index < values.length; index += 4) {
    expect(map.matches(values[index]?.uri as string)).toEqual(values.slice(index, index + 4));
  }
  for (const value of [...others, ...values]) map.delete(value);
  expect([map.matches("com.site.room1.a"), map.nextPlace, map.octets]).toEqual([
    [],
    1,
    emptyOctets,
  ]);
});

describe("texts with one hash", () => {
  const [first, second] = collision();
  const both = [first, second];
  // More than are compared one by one, and no node can tell them apart.
  const wildcards = both.flatMap((a) =>
    both.flatMap((b) =>
      both.flatMap((c) =>
        both.map((d): Value => ({ uri: `${a}.${b}.${c}.${d}.`, match: "wildcard" })),
      ),
    ),
  );

  test("are different components of wildcards", () => {
    const map = new UriPatternMap<Value>();
    for (const value of wildcards) map.add(value);
    for (const value of wildcards) {
      expect(map.matches(`${value.uri}x`)).toEqual([value]);
      expect(map.get(value.uri, "wildcard")).toBe(value);
    }
    for (const [index, value] of wildcards.entries()) {
      map.delete(value);
      expect([...map.values()]).toHaveLength(wildcards.length - index - 1);
      expect(map.matches(`${value.uri}x`)).toEqual([]);
    }
  });

  test("are different prefixes", () => {
    const map = new UriPatternMap<Value>();
    map.add({ uri: first, match: "prefix" });
    expect([map.matches(`${second}.x`), map.get(second, "prefix")]).toEqual([[], undefined]);
    map.add({ uri: second, match: "prefix" });
    expect(map.matches(`${second}.x`).map(({ uri }) => uri)).toEqual([second]);
    expect(map.matches(`${first}.x`).map(({ uri }) => uri)).toEqual([first]);
  });
});

/** Two texts as long as each other with one hash, among so many that there are such: hashes have 32 bits. */
function collision(): [string, string] {
  const byHash = new Map<number, string>();
  for (let number = 100_000; number < 1_000_000; number++) {
    const one = String(number);
    let hash = EMPTY_HASH;
    for (let index = 0; index < one.length; index++) hash = hashWith(hash, one.charCodeAt(index));
    const other = byHash.get(hash);
    if (other !== undefined) return [other, one];
    byHash.set(hash, one);
  }
  throw new Error("Cannot test: no two texts have one hash");
}
