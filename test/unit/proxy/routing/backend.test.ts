import { describe, expect, test } from "bun:test";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import type { HealthCheckConfig } from "#config/connection/connection-config.ts";
import { Backend } from "#proxy/routing/backend.ts";
import { DownMarks } from "#proxy/routing/down-marks.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const check: HealthCheckConfig = { interval: 1000, rise: 2, fall: 3, while_up: false };

/** A backend, whose router is behind a socket that need not exist. */
function backend(
  health_check: HealthCheckConfig | undefined,
  slowStartMs = 0,
  path = "/none",
  marks = new DownMarks(),
  address?: string,
) {
  const { log, logged } = keptLog("info", "warn");
  const made = new Backend(
    {
      id: "conn1",
      transport: {
        type: "rawsocket",
        endpoint: { type: "unix", path, timeoutMs: 1000 },
        serializer: "cbor",
        max_message_size: 65_536,
      },
      auth: "anonymous-proxy",
      ...(health_check && { health_check }),
    },
    { log, slowStartMs, marks },
    address,
  );
  afterTest(() => made.stop());
  return { backend: made, logged };
}

describe("a mark of an operator", () => {
  test.each([
    ["all of its connection", { connection: "conn1", address: null }, true],
    ["its address", { connection: "conn1", address: "10.0.0.1" }, true],
    ["another address", { connection: "conn1", address: "10.0.0.2" }, false],
    ["another connection", { connection: "conn2", address: null }, false],
  ])("on %s counts from its beginning to its end", (_, mark, isMarkedDown) => {
    const marks = new DownMarks();
    const before = backend(check, 0, "/none", marks, "10.0.0.1").backend;
    marks.use([mark]);
    const later = backend(check, 0, "/none", marks, "10.0.0.1").backend;
    expect([before, later].map((one) => one.isMarkedDown)).toEqual([isMarkedDown, isMarkedDown]);
    marks.use([]);
    expect([before, later].map((one) => one.isMarkedDown)).toEqual([false, false]);
  });

  test("leaves its health alone, and its end gives it sessions bit by bit", () => {
    const pass = fakeTime();
    const marks = new DownMarks();
    const { backend: one, logged } = backend(check, 1000, "/none", marks);
    marks.use([{ connection: "conn1", address: null }]);
    one.succeeded();
    expect([one.isUp, one.health, one.share, logged]).toEqual([true, "up", 1, []]);
    marks.use([]);
    expect(one.share).toBe(0.1);
    pass(1000);
    expect(one.share).toBe(1);
  });
});

describe("a backend", () => {
  test("is down after enough failures in a row, and says so once", () => {
    const { backend: one, logged } = backend(check);
    for (const outcome of ["failed", "failed", "succeeded", "failed", "failed"] as const) {
      one[outcome]("no way to it");
    }
    expect([one.isUp, logged]).toEqual([true, []]);
    for (const _ of [1, 2, 3, 4]) one.failed("no way to it");
    expect(one.isUp).toBe(false);
    expect(logged).toEqual([["router down", { connection: "conn1", reason: "no way to it" }]]);
  });

  test("is up again after enough successes in a row", () => {
    const { backend: one, logged } = backend(check);
    for (const _ of [1, 2, 3]) one.failed("");
    for (const outcome of ["succeeded", "failed", "succeeded"] as const) one[outcome]("");
    expect(one.isUp).toBe(false);
    one.succeeded();
    expect(one.isUp).toBe(true);
    expect(logged.at(-1)).toEqual(["router up", { connection: "conn1" }]);
    // It takes as many failures as the first time.
    for (const _ of [1, 2]) one.failed("");
    expect(one.isUp).toBe(true);
  });

  test("is never down where it is not checked", () => {
    const { backend: one, logged } = backend(undefined);
    for (let count = 0; count < 10; count++) one.failed("");
    expect([one.isUp, one.wasReached, logged]).toEqual([true, false, []]);
    one.succeeded();
    expect(one.wasReached).toBe(true);
  });

  test.each([
    ["where it is checked", check, ["up", "up", "up", "down", "down"]],
    ["where it is not", undefined, ["up", "down", "down", "down", "up"]],
  ] as const)("has a health that is not known at first, %s", (_, health_check, expected) => {
    const { backend: one } = backend(health_check);
    expect(one.health).toBe("unknown");
    const outcomes = ["succeeded", "failed", "failed", "failed", "succeeded"] as const;
    const health = outcomes.map((outcome) => {
      one[outcome]("");
      return one.health;
    });
    expect(health).toEqual([...expected]);
  });

  test("gets its share bit by bit after it came up", () => {
    const pass = fakeTime();
    const { backend: one } = backend({ ...check, rise: 1, fall: 1 }, 1000);
    expect(one.share).toBe(1);
    one.failed("");
    one.succeeded();
    expect(one.share).toBe(0.1);
    pass(50);
    expect(one.share).toBe(0.1);
    pass(450);
    expect(one.share).toBeCloseTo(0.5);
    pass(500);
    expect(one.share).toBe(1);
  });

  test("has its full share at once without slow_start", () => {
    fakeTime();
    const { backend: one } = backend({ ...check, rise: 1, fall: 1 });
    one.failed("");
    one.succeeded();
    expect(one.share).toBe(1);
  });
});

/**
 * A router that answers RawSocket handshakes, and says `more` behind them; each connection is first told to
 * `onCheck`.
 */
async function router(onCheck = () => {}, more = "") {
  const path = join(temporaryFolder(), "router.sock");
  const ended: (() => void)[] = [];
  let reached = 0;
  const server = createServer((socket) => {
    reached += 1;
    onCheck();
    socket.on("data", (octets: Buffer) =>
      socket.write(Buffer.concat([octets, Buffer.from(more, "hex")])),
    );
    socket.on("close", () => ended.shift()?.());
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  afterTest(() => server.close());
  return {
    path,
    /** The end of a check. */
    checked: () => new Promise<void>((resolve) => void ended.push(resolve)),
    /** How many checks have begun, as a connection that is made now comes behind them. */
    async checks() {
      await new Promise<void>((resolve) => {
        const last = connect(path, () => last.destroy());
        last.on("close", () => resolve());
      });
      return reached - 1;
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a health check", () => {
  test("goes on while the router is down, until it is up", async () => {
    const { path, checks } = await router();
    const { backend: one } = backend({ ...check, interval: 1, fall: 1 }, 0, path);
    one.failed("");
    while (!one.isUp) await turn();
    expect([await checks(), one.wasReached]).toEqual([2, true]);
  });

  test("goes on while it is up where that is wanted", async () => {
    const { path, checked } = await router();
    const { backend: one } = backend({ ...check, interval: 1, while_up: true }, 0, path);
    await checked();
    await checked();
    expect(one.isUp).toBe(true);
  });

  test("takes a router for up that says something, too", async () => {
    // The frame of a message of 3 octets.
    const { path, checked } = await router(() => {}, "00000003 820607".replaceAll(" ", ""));
    const { backend: one } = backend({ ...check, fall: 1, interval: 1, while_up: true }, 0, path);
    await checked();
    await checked();
    expect([one.isUp, one.wasReached]).toEqual([true, true]);
  });

  test("is not made of a router that is up where that is not wanted", async () => {
    const { path, checks } = await router();
    const pass = fakeTime();
    backend(check, 0, path);
    pass(10_000);
    expect(await checks()).toBe(0);
  });

  test("is one at a time, however often the router goes down", async () => {
    const { path, checks } = await router();
    const pass = fakeTime();
    const { backend: one } = backend({ ...check, rise: 1, fall: 1, while_up: true }, 0, path);
    for (const outcome of ["failed", "succeeded", "failed"] as const) one[outcome]("");
    pass(1000);
    expect(await checks()).toBe(1);
  });

  test("at once finds a router that is down", async () => {
    const { backend: one, logged } = backend({ ...check, fall: 1, interval: 1_000_000 });
    one.checkNow();
    while (one.isUp) await turn();
    expect(logged[0]?.[1]?.["reason"]).toStartWith("Cannot connect to ");
  });

  test.each<[string, HealthCheckConfig | undefined, (one: Backend) => void, number]>([
    ["is not checked", undefined, () => {}, 0],
    ["is stopped", check, (one) => one.stop(), 0],
    ["is down", { ...check, fall: 1 }, (one) => one.failed(""), 0],
    ["is being checked", check, (one) => one.checkNow(), 1],
  ])("is not made at once of a backend that %s", async (_, health_check, change, before) => {
    const { path, checks } = await router();
    const { backend: one } = backend(health_check, 0, path);
    change(one);
    one.checkNow();
    expect(await checks()).toBe(before);
  });

  test("is the last one where the backend is stopped meanwhile", async () => {
    const pass = fakeTime();
    const { path, checked, checks } = await router(() => one.stop());
    const { backend: one } = backend({ ...check, while_up: true }, 0, path);
    const first = checked();
    pass(1000);
    await first;
    await turn();
    pass(10_000);
    expect(await checks()).toBe(1);
  });
});
