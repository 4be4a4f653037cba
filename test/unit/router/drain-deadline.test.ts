import { expect, test } from "bun:test";
import { DrainDeadline } from "#router/drain-deadline.ts";
import { fakeTime } from "../../support/fake-time.ts";

test.each([
  { taken: 512 * 1024, minutes: 16 },
  { taken: 512 * 1024 - 1, minutes: 1 },
  { taken: 0, minutes: 1 },
])("a peer that takes $taken octets a minute is given $minutes minutes", ({ taken, minutes }) => {
  const pass = fakeTime();
  const peer = { bufferedOctets: 15 * 512 * 1024 };
  let missed = 0;
  new DrainDeadline(peer, () => missed++).start();
  for (let minute = 1; minute <= minutes; minute++) {
    expect(missed).toBe(0);
    peer.bufferedOctets = Math.max(0, peer.bufferedOctets - taken);
    pass(60_000);
  }
  pass(600_000);
  expect(missed).toBe(1);
});

test("nothing is missed after it was stopped", () => {
  const pass = fakeTime();
  let missed = 0;
  const deadline = new DrainDeadline({ bufferedOctets: 1 }, () => missed++);
  deadline.start();
  deadline.stop();
  pass(60_000);
  expect(missed).toBe(0);
});
