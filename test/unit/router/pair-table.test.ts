import { expect, test } from "bun:test";
import fc from "fast-check";
import { NONE, PairTable } from "#router/pair-table.ts";

/** The values of a pair. */
function valuesOf(table: PairTable, a: number, b: number): number[] {
  const values: number[] = [];
  for (let cell = table.first(a, b); cell !== NONE; cell = table.next(cell, a, b)) {
    values.push(table.at(cell));
  }
  return values;
}

test("a pair has the values that were added to it, whatever was removed, and an empty table is as small as a new one", () => {
  const change = fc.record({
    isAdded: fc.constantFrom(true, true, false),
    a: fc.integer({ min: -2, max: 2 }),
    b: fc.integer({ min: -3, max: 3 }),
    value: fc.constantFrom(-2, -1, 1, 2, 3),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
      const table = new PairTable();
      const smallest = table.octets;
      const kept = new Map<string, number[]>();
      for (const { isAdded, a, b, value } of changes) {
        const values = kept.get(`${a} ${b}`) ?? [];
        kept.set(`${a} ${b}`, values);
        const index = values.indexOf(value);
        if (isAdded) {
          table.add(a, b, value);
          values.push(value);
        } else {
          table.delete(a, b, value);
          if (index >= 0) values.splice(index, 1);
        }
      }
      expect(table.size).toBe([...kept.values()].flat().length);
      for (let a = -2; a <= 2; a++) {
        for (let b = -3; b <= 3; b++) {
          const values = kept.get(`${a} ${b}`) ?? [];
          expect(valuesOf(table, a, b).toSorted()).toEqual(values.toSorted());
          for (const value of values) table.delete(a, b, value);
        }
      }
      expect([table.size, table.octets]).toEqual([0, smallest]);
    }),
    { numRuns: 300 },
  );
});

test("a table in which values come and go for long is no larger, and no slower to say that it has none", () => {
  const table = new PairTable();
  for (let value = 1; value <= 1000; value++) table.add(1, value, value);
  const { octets } = table;
  for (let value = 1; value <= 200_000; value++) {
    table.delete(1, value, value);
    table.add(1, value + 1000, value + 1000);
  }
  expect([table.size, table.octets]).toEqual([1000, octets]);
  const looked = Array.from({ length: 10_000 }, (_, index) => table.mayHave(2, index));
  // About one of eighteen: 1,000 of 16,384 bits are set by values, and up to 2,048 by those that are gone.
  expect(looked.filter(Boolean).length).toBeLessThan(3000);
});
