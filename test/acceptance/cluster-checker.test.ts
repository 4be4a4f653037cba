/**
 * A realm on three nodes keeps its promises to random clients of all of them, and to those who are left when one of its
 * workers is killed or stopped, or its NATS server is killed. `bun bench/cluster-checker.ts` does it for longer.
 */

import { expect, test } from "bun:test";
import { checkedCluster } from "../support/checked-cluster.ts";
import { hasNats } from "../support/nats-server.ts";

const LASTS_MS = 12_000;

test.skipIf(!hasNats)(
  "a cluster keeps its promises to random clients",
  async () => {
    const { history, violations } = await checkedCluster(LASTS_MS, 1);
    expect(violations).toEqual([]);
    expect(history.disturbances.length).toBeGreaterThan(1);
    expect(history.events.length).toBeGreaterThan(100);
  },
  60_000,
);
