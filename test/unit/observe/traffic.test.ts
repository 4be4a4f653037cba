import { expect, test } from "bun:test";
import { TrafficCount } from "#observe/traffic.ts";

test("counts messages and octets, in all and by type", () => {
  const count = new TrafficCount();
  count.count(48, 100);
  count.count(48, 50);
  count.count(16, 7);
  expect([count.messages, count.octets]).toEqual([3, 157]);
  expect(count.byType()).toEqual([
    { type: 16, messages: 1, octets: 7 },
    { type: 48, messages: 2, octets: 150 },
  ]);
});

test.each([
  [1, 64],
  [64, 64],
  [65, 256],
  [256, 256],
  [257, 1024],
  [65_536, 65_536],
  [65_537, 262_144],
  [2 ** 24, 2 ** 24],
  [2 ** 24 + 1, undefined],
  [2 ** 31, undefined],
])("a message of %d octets is counted up to %p", (octets, bound) => {
  const count = new TrafficCount();
  count.count(48, octets);
  const { bounds, counts, sum } = count.sizes();
  expect(bounds[counts.indexOf(1)]).toBe(bound as never);
  expect([counts.length, counts.reduce((all, one) => all + one), sum]).toEqual([
    bounds.length + 1,
    1,
    octets,
  ]);
});
