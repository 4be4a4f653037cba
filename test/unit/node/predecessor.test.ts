/** What a node hands over to the one that serves in its place. */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { Predecessor } from "#node/predecessor.ts";
import { SuccessorProcess } from "#node/successor-process.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import { afterTest } from "../../support/cleanups.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** Says its marks when it is ready, and writes those with which it takes over. */
const FOLLOWS = `
  const { Predecessor } = await import("#node/predecessor.ts");
  const { MARKS } = process.env;
  const predecessor = Predecessor.of(process.env);
  await predecessor.ready(JSON.stringify(predecessor.downMarks));
  await Bun.write(MARKS, JSON.stringify(predecessor.downMarks));
  predecessor.taken();`;

const one: BackendName = { connection: "one", address: null };
const two: BackendName = { connection: "two", address: "10.0.0.2" };

test.each<[string, { downMarks?: BackendName[] }, BackendName[], BackendName[]]>([
  ["as they are when it takes over", { downMarks: [one] }, [one], [two, one]],
  ["also when the last one is dropped meanwhile", { downMarks: [one] }, [one], []],
  ["and none of a release without marks", {}, [], []],
])("a node gets the marks of backends: %s", async (_, marks, atStart, atEnd) => {
  const MARKS = join(temporaryFolder(), "marks.json");
  const handedOver = { pid: process.pid, runFolder: "/", sockets: [], ...marks };
  const successor = new SuccessorProcess([process.execPath, "-e", FOLLOWS], handedOver, { MARKS });
  afterTest(() => successor.end());
  expect(JSON.parse(await successor.untilReady())).toEqual(atStart);
  expect(await successor.takeOver(atEnd)).toBe(true);
  expect(await Bun.file(MARKS).json()).toEqual(atEnd);
});

test("a node whose predecessor has ended does not start by itself", () => {
  const environment = { CROSSPROXY_HANDED_OVER: JSON.stringify({ pid: 1, sockets: [] }) };
  expect(() => Predecessor.of(environment)).toThrow(
    "Cannot serve in the place of process 1: it has ended, or did not start this one",
  );
  expect(environment).toEqual({} as never);
});
