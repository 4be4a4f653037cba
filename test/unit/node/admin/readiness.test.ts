import { expect, test } from "bun:test";
import type { NodeOperations, WorkerReply } from "#node/admin/node-operations.ts";
import { Readiness } from "#node/admin/readiness.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { nodeFigures, workerStatistics } from "../../../support/node-figures.ts";

/** A node with these workers, which answer this; `asked` counts the questions. */
function node(workers = [workerStatistics()], replies: WorkerReply[] = []) {
  const state = { asked: 0, isStopping: false };
  const operations: Pick<NodeOperations, "isStopping" | "statistics" | "ask"> = {
    get isStopping() {
      return state.isStopping;
    },
    statistics: () => nodeFigures({ workers }),
    ask() {
      state.asked += 1;
      return Promise.resolve(replies);
    },
  };
  return { operations, state };
}

const route = {
  realm: "realm1",
  role: "user",
  reachable: ["a"],
  unreachable: ["b", "c"],
  markedDown: [] as string[],
};
const answered = (...routes: (typeof route)[]): WorkerReply[] => [
  { id: "proxy1", answer: { about: "routes", routes } },
];

test("workers that do not run are named, but for guests and containers", async () => {
  const { operations, state } = node([
    workerStatistics({ state: "starting" }),
    workerStatistics({ id: "router1", type: "router", state: "silent" }),
    workerStatistics({ id: "guest1", type: "guest", state: "not running" }),
    workerStatistics({ id: "container1", type: "container", state: "not running" }),
  ]);
  expect(await new Readiness(operations, "any").lacks()).toEqual([
    'worker "proxy1" is starting',
    'worker "router1" is silent',
  ]);
  expect(state.asked).toBe(0);
});

test.each([
  ["any", 0, 1],
  ["each", 1, 1],
  ["none", 0, 0],
] as const)(
  "with routers %s a route that has some lacks %d, and one that has none %d",
  async (routers, some, none) => {
    for (const [reachable, count] of [
      [["a"], some],
      [[], none],
    ] as [string[], number][]) {
      const { operations } = node(undefined, answered({ ...route, reachable }));
      expect(await new Readiness(operations, routers).lacks()).toEqual(
        Array(count).fill('worker "proxy1" cannot reach "b", "c" for realm "realm1", role "user"'),
      );
    }
  },
);

test.each([
  ["any", ["a"], [], []],
  ["each", ["a"], [], []],
  ["each", ["a"], ["b"], ['cannot reach "b" and has "c", "d" marked down']],
  ["any", [], [], ['has "c", "d" marked down']],
  ["any", [], ["b"], ['cannot reach "b" and has "c", "d" marked down']],
  ["none", [], [], []],
] as const)(
  "with routers %s marked ones are missed where %p can be reached and %p cannot: %p",
  async (routers, reachable, unreachable, lacks) => {
    const found = { reachable: [...reachable], unreachable: [...unreachable] };
    const { operations } = node(
      undefined,
      answered({ ...route, ...found, markedDown: ["c", "d"] }),
    );
    expect(await new Readiness(operations, routers).lacks()).toEqual(
      lacks.map((lack) => `worker "proxy1" ${lack} for realm "realm1", role "user"`),
    );
  },
);

test("a worker that does not answer is named", async () => {
  const { operations } = node(undefined, [{ id: "proxy1", answer: null }]);
  expect(await new Readiness(operations, "any").lacks()).toEqual([
    'worker "proxy1" does not answer',
  ]);
});

test("what was found of the routers serves the requests of a second", async () => {
  const pass = fakeTime();
  const { operations, state } = node(undefined, answered(route));
  const readiness = new Readiness(operations, "any");
  await Promise.all([readiness.lacks(), readiness.lacks()]);
  pass(1_000);
  await readiness.lacks();
  expect(state.asked).toBe(1);
  pass(1);
  await readiness.lacks();
  expect(state.asked).toBe(2);
  state.isStopping = true;
  expect(await readiness.lacks()).toEqual(["the node shuts down"]);
});
