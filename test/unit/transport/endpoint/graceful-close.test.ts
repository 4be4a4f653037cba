import { expect, test } from "bun:test";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import { fakeTime } from "../../../support/fake-time.ts";

/** So many open connections that end when the test says so. */
function connections(count: number) {
  const done: string[] = [];
  const open = new Set(
    Array.from({ length: count }, () => ({ terminate: () => void done.push("cut off") })),
  );
  const closing = new GracefulClose(open);
  return {
    done,
    run: () => closing.run(() => void done.push("end")),
    closed() {
      for (const one of [...open].slice(0, 1)) open.delete(one);
      closing.noteClosed();
    },
  };
}

test("there is nothing to wait for without connections", async () => {
  const { run, done } = connections(0);
  await run();
  expect(done).toEqual([]);
});

test("all are told to end, and waited for", async () => {
  const { run, done, closed } = connections(2);
  let isOver = false;
  const over = run().then(() => {
    isOver = true;
  });
  closed();
  await Bun.sleep(0);
  expect([done, isOver]).toEqual([["end", "end"], false]);
  closed();
  await over;
  expect(done).toEqual(["end", "end"]);
});

test("connections that end while they are told to are not waited for", async () => {
  const terminate = () => {
    throw new Error("there is none to cut off");
  };
  const open = new Set([{ terminate }]);
  await new GracefulClose(open).run((connection) => open.delete(connection));
});

test("those that are open after two seconds are cut off", async () => {
  const pass = fakeTime();
  const { run, done } = connections(1);
  const over = run();
  pass(1999);
  expect(done).toEqual(["end"]);
  pass(1);
  await over;
  expect(done).toEqual(["end", "cut off"]);
});

test("a second call waits with the first, and tells none again", async () => {
  const { run, done, closed } = connections(1);
  const both = [run(), run()];
  closed();
  await Promise.all(both);
  expect(done).toEqual(["end"]);
});
