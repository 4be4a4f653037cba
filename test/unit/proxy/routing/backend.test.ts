import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import type { HealthCheckConfig } from "#config/node-config.ts";
import { Backend } from "#proxy/routing/backend.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const check: HealthCheckConfig = { interval: 1000, rise: 2, fall: 3, while_up: false };

/** A backend, whose router is behind a socket that need not exist. */
function backend(health_check: HealthCheckConfig | undefined, slowStartMs = 0, path = "/none") {
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
    { log, slowStartMs },
  );
  afterTest(() => made.stop());
  return { backend: made, logged };
}

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
    const { backend: one } = backend({ ...check, rise: 1, fall: 1 });
    one.failed("");
    one.succeeded();
    expect(one.share).toBe(1);
  });
});

/** A router that accepts RawSocket with CBOR; `reached` counts the connections. */
async function router() {
  const path = join(temporaryFolder(), "router.sock");
  let reached = 0;
  const waiting: (() => void)[] = [];
  const server = createServer((socket) => {
    reached += 1;
    socket.on("data", (octets) => socket.write(octets));
    socket.on("close", () => waiting.splice(0).forEach((wake) => void wake()));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  afterTest(() => server.close());
  return {
    path,
    reached: () => reached,
    checked: () => new Promise<void>((resolve) => void waiting.push(resolve)),
  };
}

const fast: HealthCheckConfig = { interval: 1, rise: 2, fall: 1, while_up: false };

describe("a health check", () => {
  test("goes on while the router is down, until it is up", async () => {
    const { path, reached, checked } = await router();
    const { backend: one } = backend(fast, 0, path);
    one.failed("");
    await checked();
    await checked();
    await Promise.resolve();
    while (!one.isUp) await new Promise((resolve) => setImmediate(resolve));
    expect(reached()).toBe(2);
    expect(one.wasReached).toBe(true);
  });

  test("goes on while it is up where that is wanted, until it is stopped", async () => {
    const { path, checked, reached } = await router();
    const { backend: one } = backend({ ...fast, while_up: true }, 0, path);
    await checked();
    await checked();
    one.stop();
    const before = reached();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(reached()).toBeLessThanOrEqual(before + 1);
    expect(one.isUp).toBe(true);
  });

  test("at once finds a router that is down", async () => {
    const { backend: one, logged } = backend({ ...fast, interval: 1_000_000 });
    one.checkNow();
    while (one.isUp) await new Promise((resolve) => setImmediate(resolve));
    expect(logged[0]?.[1]?.["reason"]).toStartWith("Cannot connect to ");
  });

  test.each<[string, HealthCheckConfig | undefined, (one: Backend) => void]>([
    ["is not checked", undefined, () => {}],
    ["is stopped", fast, (one) => one.stop()],
    ["is down", { ...fast, interval: 1_000_000 }, (one) => one.failed("")],
  ])("is not made at once of a backend that %s", async (_, health_check, change) => {
    const { path, reached } = await router();
    const { backend: one } = backend(health_check, 0, path);
    change(one);
    one.checkNow();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(reached()).toBe(0);
  });
});
