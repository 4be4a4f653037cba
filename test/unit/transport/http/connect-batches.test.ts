import { expect, test } from "bun:test";

import { ConnectBatches } from "#transport/http/connect-batches.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("ConnectBatches connects in order, so many at a time", async () => {
  const batches = new ConnectBatches();
  const connected: number[] = [];
  const counts: number[] = [];
  for (let index = 0; index < 300; index += 1) batches.run(() => connected.push(index));
  for (let turn = 0; turn < 4; turn += 1) {
    counts.push(connected.length);
    await nextTurn();
  }
  expect(counts).toEqual([128, 256, 300, 300]);
  expect(connected).toEqual(Array.from({ length: 300 }, (_, index) => index));
});
