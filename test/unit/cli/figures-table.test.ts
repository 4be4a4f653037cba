import { expect, test } from "bun:test";
import { printFigures } from "#cli/figures-table.ts";
import { nodeFigures, workerFigures, workerStatistics } from "../../support/node-figures.ts";

test("the figures of a node are tables of its workers and routers, and its latest warnings", () => {
  const rate = (perSecond: number) => ({ total: 9, perSecond });
  const figures = workerFigures({
    fromClients: { messages: rate(12.4), octets: rate(3_500) },
    routers: [{ connection: "conn1", health: "up", sessions: 7, routers: 3, markedDown: 1 }],
  });
  const warning = (second: number) => ({
    at: `2026-01-01T00:00:0${second}.000Z`,
    level: "warn" as const,
    event: "router down",
    fields: { connection: "conn1", reason: "a\u001b[2Jb" },
    worker: second === 0 ? null : "proxy1",
  });
  const guest = workerStatistics({ id: "guest1", type: "guest", figures: null });
  const text = printFigures(
    nodeFigures({
      workers: [workerStatistics({ figures }), guest],
      warnings: [0, 1, 2, 3, 4, 5].map(warning),
      warningsInAll: 60,
    }),
  );
  expect(text.split("\n")).toEqual([
    "<node>  crossproxy 1.2.3  2026-01-01T00:01:00Z  up 60 s",
    "",
    "worker  type   state    restarts  CPU %  MiB  sessions  joins  msg/s in  msg/s out  kB/s in  kB/s out",
    "proxy1  proxy  running  0         13     50   0         0      12        0          4        0",
    "guest1  guest  running  0",
    "",
    "worker  connection  router  sessions  marked down",
    "proxy1  conn1       up      7         1 of 3",
    "",
    "warnings: 60",
    "2026-01-01T00:00:00 controller router down connection=conn1 reason=a\\u001b[2Jb",
    ...[1, 2, 3, 4].map(
      (second) =>
        `2026-01-01T00:00:0${second} proxy1 router down connection=conn1 reason=a\\u001b[2Jb`,
    ),
    "",
  ]);
});
