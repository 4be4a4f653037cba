/** The figures of a node, put together by its controller. */

import { describe, expect, test } from "bun:test";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import { StatisticsCollector } from "#node/statistics-collector.ts";
import type { NodeStatistics } from "#observe/statistics.ts";
import { afterTest } from "../../support/cleanups.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { workerFigures } from "../../support/node-figures.ts";
import { quiet } from "../../support/quiet-context.ts";

const proxy = (id: string): WorkerConfig => ({
  type: "proxy",
  id,
  connections: {},
  routes: {},
  transports: [],
});

/** The collector of a node with two proxies, a guest and a container. */
function collector() {
  const guest = { type: "guest", id: "guest" } as WorkerConfig;
  const container = { type: "container", id: "container" } as WorkerConfig;
  const config = {
    controller: {
      id: "node1",
      shutdown: [],
      enable_parallel_worker_start: false,
      watchdog: 10,
      shutdownDelayMs: 0,
      lameDuckMs: 0,
    },
    workers: [proxy("one"), proxy("two"), guest, container],
  };
  const made = new StatisticsCollector(config, "1.2.3");
  afterTest(() => made.stop());
  return made;
}

const report = (changes = {}) => ({
  figures: workerFigures(),
  warnings: [],
  warningCount: 0,
  ...changes,
});
const warning = (at: string) => ({ at, level: "warn" as const, event: "router down", fields: {} });

function start(node: StatisticsCollector, ...ids: string[]): void {
  for (const id of ids) {
    node.starting(id);
    node.ready(id);
  }
}

/** A viewer at a worker, and what it was sent. */
function viewerAt(node: StatisticsCollector, id: string): NodeStatistics[] {
  const sent: NodeStatistics[] = [];
  node.exchangeOf(id).want("always", (statistics) => sent.push(statistics));
  return sent;
}

describe("a worker", () => {
  const stateOf = (node: StatisticsCollector, id: string) =>
    node.statistics().workers.find((worker) => worker.id === id);

  test("does not run, is starting, runs, and does not run again", () => {
    fakeTime();
    const node = collector();
    const states = [stateOf(node, "one")?.state];
    node.starting("one");
    states.push(stateOf(node, "one")?.state);
    node.ready("one");
    states.push(stateOf(node, "one")?.state);
    node.ended("one");
    states.push(stateOf(node, "one")?.state);
    expect(states).toEqual(["not running", "starting", "running", "not running"]);
  });

  test("is silent when it has sent no figures for three intervals, and keeps its last ones", () => {
    const pass = fakeTime();
    const node = collector();
    start(node, "one", "two", "guest", "container");
    node.exchangeOf("one").report(report());
    pass(6_000);
    expect(stateOf(node, "one")?.state).toBe("running");
    node.exchangeOf("two").report(report());
    pass(1);
    const { state, ageSeconds, figures } = stateOf(node, "one") ?? {};
    expect([state, ageSeconds, figures]).toEqual(["silent", 6, workerFigures()]);
    for (const id of ["two", "guest", "container"]) {
      expect([id, stateOf(node, id)?.state]).toEqual([id, "running"]);
    }
    node.exchangeOf("one").report(report());
    expect(stateOf(node, "one")).toMatchObject({ state: "running", ageSeconds: 0 });
    pass(7_000);
    node.exchangeOf("one").alive();
    const alive = { state: "running", ageSeconds: 0, figures: workerFigures() };
    expect(stateOf(node, "one")).toMatchObject(alive);
  });

  test("has no figures and no age before it has sent any", () => {
    const node = collector();
    start(node, "one");
    expect(stateOf(node, "one")).toMatchObject({ ageSeconds: null, figures: null, restarts: 0 });
  });

  test("is failing while it keeps ending, and runs again once it has been stable", () => {
    const pass = fakeTime();
    const node = collector();
    const states = [];
    node.restarting("guest", true);
    for (const change of ["ended", "starting", "ready"] as const) {
      node[change]("guest");
      states.push(stateOf(node, "guest")?.state);
    }
    for (const ms of [9_999, 1]) {
      pass(ms);
      states.push(stateOf(node, "guest")?.state);
    }
    node.ended("guest");
    node.restarting("guest", false);
    states.push(stateOf(node, "guest")?.state);
    expect(states).toEqual([
      ...["failing", "failing", "failing"],
      ...["failing", "running", "not running"],
    ]);
  });

  test("counts its restarts", () => {
    const node = collector();
    start(node, "one", "one", "one");
    expect(stateOf(node, "one")?.restarts).toBe(2);
  });
});

describe("viewers", () => {
  test("get figures at once, and at most once a second when something changes", () => {
    const pass = fakeTime();
    const node = collector();
    start(node, "one", "two");
    const sent = viewerAt(node, "one");
    expect(sent).toHaveLength(1);
    for (const id of ["one", "two", "one"]) node.exchangeOf(id).report(report());
    expect(sent).toHaveLength(1);
    pass(1_000);
    expect(sent).toHaveLength(2);
    expect(sent[1]?.workers.map(({ figures }) => figures !== null)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test("get figures also when no worker sends any", () => {
    const pass = fakeTime();
    const node = collector();
    start(node, "one");
    const sent = viewerAt(node, "one");
    pass(3_000);
    expect(sent).toHaveLength(2);
  });

  test("get no more when they go, or their worker ends", () => {
    const pass = fakeTime();
    const node = collector();
    start(node, "one", "two");
    const [atOne, atTwo] = [viewerAt(node, "one"), viewerAt(node, "two")];
    node.exchangeOf("one").want("no", () => expect.unreachable());
    node.ended("two");
    node.exchangeOf("one").report(report());
    pass(10_000);
    expect([atOne.length, atTwo.length]).toEqual([1, 1]);
  });

  test("get figures also where each worker has a viewer, and while one asks once", () => {
    const pass = fakeTime();
    const node = collector();
    const ids = ["one", "two", "guest", "container"];
    start(node, ...ids);
    const sent = ids.map((id) => viewerAt(node, id));
    node.exchangeOf("one").want("once", () => {});
    node.exchangeOf("one").report(report());
    pass(1_000);
    expect(sent.map(({ length }) => length)).toEqual([2, 2, 2, 2]);
  });

  test("get nothing when the node stops", () => {
    const pass = fakeTime();
    const node = collector();
    start(node, "one");
    const sent = viewerAt(node, "one");
    node.exchangeOf("one").report(report());
    node.stop();
    node.exchangeOf("one").report(report());
    pass(10_000);
    expect(sent).toHaveLength(1);
  });

  test("at a silent worker get nothing until it is heard of again", () => {
    const pass = fakeTime();
    const node = collector();
    start(node, "one", "two");
    const sent = viewerAt(node, "one");
    pass(8_000);
    const before = sent.length;
    pass(60_000);
    expect(sent).toHaveLength(before);
    node.exchangeOf("one").report(report());
    pass(1_000);
    expect(sent).toHaveLength(before + 1);
  });

  test("get one answer to one question", () => {
    const pass = fakeTime();
    const node = collector();
    const sent: NodeStatistics[] = [];
    node.exchangeOf("one").want("once", (statistics) => sent.push(statistics));
    node.exchangeOf("one").report(report());
    pass(10_000);
    expect(sent).toHaveLength(1);
  });
});

describe("warnings", () => {
  test("are the latest fifty of all workers and the controller, the newest first", () => {
    fakeTime();
    const node = collector();
    node.keeping(quiet).warn("worker died", { id: "two" });
    const warnings = [warning("2026-01-01T00:00:00.000Z"), warning("2026-01-02T00:00:00.000Z")];
    node.exchangeOf("one").report(report({ warnings, warningCount: 70 }));
    const found = node.statistics();
    expect(found.warningsInAll).toBe(71);
    expect(found.warnings.map(({ worker, event }) => [worker, event])).toEqual([
      [null, "worker died"],
      ["one", "router down"],
      ["one", "router down"],
    ]);
    expect(found.warnings[1]?.at).toBe("2026-01-02T00:00:00.000Z");
    for (let round = 0; round < 60; round++) {
      node
        .exchangeOf("one")
        .report(report({ warnings: [warning("2026-02-01T00:00:00.000Z")], warningCount: 1 }));
    }
    expect(node.statistics().warnings).toHaveLength(50);
  });
});

test("names the node and its release, and what the controller takes", () => {
  expect(collector().statistics()).toMatchObject({
    format: 1,
    node: "node1",
    release: "1.2.3",
    intervalSeconds: 2,
    controller: { residentOctets: expect.any(Number) },
  });
});
