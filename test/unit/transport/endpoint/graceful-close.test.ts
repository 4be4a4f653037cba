import { expect, test } from "bun:test";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import { fakeTime } from "../../../support/fake-time.ts";

/** So many open connections that close when the test says so. */
function connections(count: number) {
  const done: string[] = [];
  const names = Array.from({ length: count }, (_, index) => `connection ${index}`);
  const open = new Set(
    names.map((name) => ({ name, terminate: () => void done.push(`terminate ${name}`) })),
  );
  const closing = new GracefulClose(open);
  return {
    done,
    run: () => closing.run(({ name }) => void done.push(`end ${name}`)),
    close() {
      const [first] = open;
      if (first) open.delete(first);
      closing.noteClosed();
    },
  };
}

test("there is nothing to wait for without connections", async () => {
  const { run, done } = connections(0);
  await run();
  expect(done).toEqual([]);
});

test("all are ended, and waited for", async () => {
  const { run, done, close } = connections(2);
  let isOver = false;
  const over = run().then(() => {
    isOver = true;
  });
  close();
  await Bun.sleep(0);
  expect([done, isOver]).toEqual([["end connection 0", "end connection 1"], false]);
  close();
  await over;
  expect(done).toHaveLength(2);
});

test("connections that close while they are ended are not waited for", async () => {
  const open = new Set([1, 2].map((id) => ({ id, terminate: () => {} })));
  const ended: number[] = [];
  await new GracefulClose(open).run((connection) => {
    ended.push(connection.id);
    open.delete(connection);
  });
  expect(ended).toEqual([1, 2]);
});

test("those that are open after two seconds are cut off, and no others", async () => {
  const pass = fakeTime();
  const { run, done, close } = connections(2);
  const over = run();
  close();
  done.length = 0;
  pass(1999);
  expect(done).toEqual([]);
  pass(1);
  await over;
  expect(done).toEqual(["terminate connection 1"]);
});

test("a second call waits with the first, and ends none again", async () => {
  const { run, done, close } = connections(1);
  const both = [run(), run()];
  close();
  await Promise.all(both);
  expect(done).toEqual(["end connection 0"]);
});
