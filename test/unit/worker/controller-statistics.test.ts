/** The figures of the node, as a worker asks its controller for them. */

import { expect, test } from "bun:test";
import type { MessageToController } from "#node/control-message.ts";
import { ControllerStatistics } from "#worker/controller-statistics.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { nodeFigures } from "../../support/node-figures.ts";

/** A worker's end, and what it asked for. */
function worker() {
  const asked: string[] = [];
  const statistics = new ControllerStatistics((message: MessageToController) => {
    asked.push(message.kind === "want_statistics" ? message.wanted : message.kind);
  });
  return { statistics, asked };
}

test("asks once for all that read at the same time, and within a second", async () => {
  const pass = fakeTime();
  pass(10_000);
  const { statistics, asked } = worker();
  const readers = [statistics.read(), statistics.read()];
  statistics.receive(nodeFigures());
  expect(await Promise.all(readers)).toEqual([nodeFigures(), nodeFigures()]);
  pass(999);
  expect(await statistics.read()).toEqual(nodeFigures());
  expect(asked).toEqual(["once"]);
  pass(1);
  const later = statistics.read();
  expect(asked).toEqual(["once", "once"]);
  statistics.receive(nodeFigures({ node: "later" }));
  expect((await later).node).toBe("later");
});

test("fails when the controller does not answer, and asks again at the next time", async () => {
  const pass = fakeTime();
  const { statistics, asked } = worker();
  const unanswered = statistics.read();
  pass(2_000);
  await expect(unanswered).rejects.toThrow(
    "Cannot read the figures of the node: its controller did not answer within 2000 ms",
  );
  const answered = statistics.read();
  statistics.receive(nodeFigures());
  await answered;
  expect(asked).toEqual(["once", "once"]);
});

test("watches while there is a viewer", () => {
  const { statistics, asked } = worker();
  const seen: string[] = [];
  const watch = (name: string) => statistics.watch(() => seen.push(name));
  const leaveOne = watch("one");
  expect(asked).toEqual(["always"]);
  const leaveOther = watch("other");
  statistics.receive(nodeFigures());
  leaveOne();
  leaveOne();
  expect(asked).toEqual(["always"]);
  statistics.receive(nodeFigures());
  leaveOther();
  statistics.receive(nodeFigures());
  expect(seen).toEqual(["one", "other", "other"]);
  expect(asked).toEqual(["always", "no"]);
});
