import { describe, expect, test } from "bun:test";
import { SessionTable } from "#worker/session-table.ts";
import { fakeTime } from "../../support/fake-time.ts";

/** A table of so many sessions that end when the test says so. */
function table(count: number) {
  const sessions = new SessionTable();
  const told: number[] = [];
  const open = Array.from({ length: count }, (_, index) =>
    sessions.add({ shutdown: () => void told.push(index) }),
  );
  return { sessions, open, told };
}

describe("the shutdown of sessions", () => {
  test("is over at once where there are none", async () => {
    await new SessionTable().shutdown(1000);
  });

  test("reaches every session, and waits for the last", async () => {
    const { sessions, open, told } = table(3);
    let isOver = false;
    const over = sessions.shutdown(60_000).then(() => {
      isOver = true;
    });
    expect(told).toEqual([0, 1, 2]);
    for (const session of open.slice(0, 2)) sessions.remove(session);
    await Bun.sleep(0);
    expect([isOver, sessions.size]).toEqual([false, 1]);
    for (const session of open.slice(2)) sessions.remove(session);
    await over;
  });

  test("includes sessions that end while it runs", async () => {
    const sessions = new SessionTable();
    for (let count = 0; count < 3; count++) {
      const session = sessions.add({ shutdown: () => sessions.remove(session) });
    }
    await sessions.shutdown(60_000);
    expect(sessions.size).toBe(0);
  });

  test("does not wait longer than its time", async () => {
    const pass = fakeTime();
    const { sessions } = table(1);
    const over = sessions.shutdown(2000);
    pass(2000);
    await over;
    expect(sessions.size).toBe(1);
  });
});
