/** WildcardMap beside a search through all patterns. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { matcherOf } from "#router/uri-match.ts";
import { WildcardMap } from "#router/wildcard-map.ts";

const component = fc.constantFrom("", "a", "b", "ab");
const pattern = fc
  .array(component, { minLength: 1, maxLength: 4 })
  .map((components) => components.join("."));

/** An earlier literal component goes first: `0` is a literal. */
const rank = (one: string) =>
  one
    .split(".")
    .map((part) => (part === "" ? "1" : "0"))
    .join("");

test("finds the patterns that match, earlier literals first, whatever was added and removed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), pattern), { maxLength: 60 }),
      fc.array(pattern, { minLength: 1, maxLength: 10 }),
      (changes, uris) => {
        const map = new WildcardMap<string>();
        const kept = new Set<string>();
        for (const [isAdded, changed] of changes) {
          if (isAdded) {
            kept.add(changed);
            map.set(changed, changed);
          } else {
            kept.delete(changed);
            map.delete(changed);
          }
        }
        for (const uri of uris) {
          const matching = [...kept].filter((one) => matcherOf(one, "wildcard")(uri));
          const found = [...map.matches(uri)];
          expect(found.toSorted()).toEqual(matching.toSorted());
          expect(found.map(rank)).toEqual(found.map(rank).toSorted());
          expect(map.get(uri)).toBe(kept.has(uri) ? uri : undefined);
        }
      },
    ),
    { numRuns: 500 },
  );
});
