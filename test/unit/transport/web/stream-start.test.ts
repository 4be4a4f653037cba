/** Where a stream starts: what its client has missed, by the id of the last event. */

import { expect, test } from "bun:test";
import {
  findStart,
  type Positions,
  printPositions,
} from "#transport/web/event-stream/stream-start.ts";

const empty = new Uint8Array();

/** A topic that the router keeps these events of, with their times; null: it keeps none. */
function topic(
  position: number | null,
  kept: [publication: number, time: number | bigint][] | null = null,
) {
  const events = kept?.map(([publication, time]) => ({
    publication,
    time,
    octets: empty,
    data: empty,
  }));
  return { position, keptEvents: async () => events ?? null };
}

const NOW = "events follow";
const SINCE = "events follow, with those since Last-Event-ID that the router keeps";

const rows: [
  what: string,
  topics: ReturnType<typeof topic>[],
  lastEventId: string | null,
  comment: string,
  positions: Positions,
  missed: [topic: number, publication: number][],
][] = [
  ["without an id", [topic(9, [[9, 1]])], null, NOW, [9], []],
  ["with an empty one", [topic(0, [])], "", NOW, [0], []],
  [
    "at the last event",
    [
      topic(9, [
        [8, 1],
        [9, 2],
      ]),
    ],
    "9",
    SINCE,
    [9],
    [],
  ],
  [
    "two events later",
    [
      topic(9, [
        [7, 1],
        [8, 2],
        [9, 3],
      ]),
    ],
    "7",
    SINCE,
    [7],
    [
      [0, 8],
      [0, 9],
    ],
  ],
  ["at the first event of all", [topic(9, [[9, 3]])], "0", SINCE, [0], [[0, 9]]],
  [
    "after one that is kept no more",
    [
      topic(9, [
        [8, 2],
        [9, 3],
      ]),
    ],
    "7",
    SINCE,
    [7],
    [
      [0, 8],
      [0, 9],
    ],
  ],
  ["where the router does not answer", [topic(9)], "7", SINCE, [9], []],
  [
    "of a router that keeps no events",
    [topic(null), topic(null)],
    "7.8",
    "Last-Event-ID has no effect, because the router keeps no events",
    [null, null],
    [],
  ],
  [
    "of other topics",
    [topic(9, [[9, 1]])],
    "7.8",
    "Last-Event-ID has no effect, because these topics have no such id",
    [9],
    [],
  ],
  [
    "that is no id",
    [topic(9, [[9, 1]])],
    "seven",
    "Last-Event-ID has no effect, because these topics have no such id",
    [9],
    [],
  ],
  [
    "of several topics, in the order of their times",
    [
      topic(5, [
        [1, 10n],
        [5, 30n],
      ]),
      topic(null),
      topic(6, [
        [2, 20],
        [6, 25],
      ]),
    ],
    "1..0",
    SINCE,
    [1, null, 0],
    [
      [2, 2],
      [2, 6],
      [0, 5],
    ],
  ],
  [
    "of a topic whose clock was put back",
    [
      topic(3, [
        [1, 10],
        [2, 9],
        [3, 8],
      ]),
      topic(4, [[4, 9]]),
    ],
    "0.0",
    SINCE,
    [0, 0],
    [
      [1, 4],
      [0, 1],
      [0, 2],
      [0, 3],
    ],
  ],
  [
    "of a topic of which no events were kept before",
    [topic(5, [[5, 1]]), topic(6, [[6, 1]])],
    "5.",
    SINCE,
    [5, 6],
    [],
  ],
];

test.each(rows)("%s", async (_, topics, lastEventId, comment, positions, missed) => {
  const start = await findStart(topics, lastEventId);
  expect(start).toMatchObject({ comment, positions });
  expect(start.missed.map((one) => [one.topic, one.event.publication])).toEqual(missed);
});

test.each<[Positions, string | null]>([
  [[7], "7"],
  [[7, null, 0], "7..0"],
  [[null], null],
  [[], null],
])("the id for %j is %s", (positions, id) => {
  expect(printPositions(positions)).toBe(id);
});
