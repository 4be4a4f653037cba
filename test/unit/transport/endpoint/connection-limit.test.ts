import { describe, expect, test } from "bun:test";
import {
  ConnectionLimit,
  connectionLimitFor,
  countedAddress,
} from "#transport/endpoint/connection-limit.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { quiet } from "../../../support/quiet-context.ts";

test.each([
  ["tcp4:10.0.0.1:1234", "10.0.0.1"],
  ["tcp6:[2001:db8:0:7:1:2:3:4]:1234", "2001:db8:0:7::/64"],
  ["tcp6:[2001:0DB8::1]:1234", "2001:db8:0:0::/64"],
  ["tcp6:[::1]:1234", "0:0:0:0::/64"],
  ["tcp6:[64:ff9b::192.0.2.33]:1", "64:ff9b:0:0::/64"],
  ["tcp6:[fe80::1%eth0]:1234", "fe80:0:0:0::/64"],
  ["unix:/a.sock", null],
])("the address in %s", (peer, address) => {
  expect(countedAddress(peer)).toBe(address);
});

describe("ConnectionLimit", () => {
  const limits = { max_connections: 3, max_connections_per_address: 2 };

  test("has so many places, and so many for one address", () => {
    const limit = new ConnectionLimit(limits, "transport", quiet);
    expect(limit.take("tcp4:10.0.0.1:1")).not.toBeNull();
    const second = limit.take("tcp4:10.0.0.1:2");
    expect(limit.take("tcp4:10.0.0.1:3")).toBeNull();
    expect(limit.take("tcp4:10.0.0.2:1")).not.toBeNull();
    expect(limit.take("tcp4:10.0.0.3:1")).toBeNull();
    second?.release();
    second?.release();
    expect(limit.take("tcp4:10.0.0.1:4")).not.toBeNull();
    expect(limit.take("tcp4:10.0.0.3:1")).toBeNull();
  });

  test("counts all of 64 bits of IPv6 as one, and no address on Unix sockets", () => {
    const limit = new ConnectionLimit({ ...limits, max_connections: null }, "transport", quiet);
    expect(limit.take("tcp6:[2001:db8::1]:1")).not.toBeNull();
    expect(limit.take("tcp6:[2001:db8::2:2:2:2]:1")).not.toBeNull();
    expect(limit.take("tcp6:[2001:db8::3]:1")).toBeNull();
    expect(limit.take("tcp6:[2001:db8:0:1::3]:1")).not.toBeNull();
    for (let i = 0; i < 9; i++) expect(limit.take("unix:/a.sock")).not.toBeNull();
  });

  test("logs a flood of refusals once", () => {
    const lines: unknown[] = [];
    const log = { ...quiet, warn: (...line: unknown[]) => void lines.push(line) };
    const limit = new ConnectionLimit({ ...limits, max_connections: 1 }, "transport", log);
    for (let port = 1; port < 100; port++) limit.take(`tcp4:10.0.0.1:${port}`);
    expect(lines).toEqual([
      [
        "connection refused",
        { transport: "transport", peer: "tcp4:10.0.0.1:2", limit: "max_connections" },
      ],
    ]);
  });

  test("logs how many more were refused every ten seconds, and nothing where none was", () => {
    const pass = fakeTime();
    const { log, logged } = keptLog("warn");
    const limit = new ConnectionLimit({ ...limits, max_connections: 1 }, "transport", log);
    for (let port = 1; port <= 5; port++) limit.take(`tcp4:10.0.0.1:${port}`);
    pass(9999);
    expect(logged).toHaveLength(1);
    pass(1);
    expect(logged.slice(1)).toEqual([
      ["more connections refused", { transport: "transport", refused: 3 }],
    ]);
    pass(60_000);
    limit.take("tcp4:10.0.0.1:6");
    pass(60_000);
    expect(logged.map(([event]) => event)).toEqual([
      "connection refused",
      "more connections refused",
      "connection refused",
    ]);
  });
});

test("connections are counted where one of the two limits is there", () => {
  const none = { max_messages_per_second: null, max_messages_burst: 0 };
  const limitsOf = (all: number | null, address: number | null) => ({
    ...none,
    max_connections: all,
    max_connections_per_address: address,
  });
  const isCounted = (limits: ReturnType<typeof limitsOf> | undefined) =>
    connectionLimitFor({ id: "transport", ...(limits && { limits }) }, quiet) !== undefined;
  expect([undefined, limitsOf(null, null)].map(isCounted)).toEqual([false, false]);
  expect([limitsOf(1, null), limitsOf(null, 1)].map(isCounted)).toEqual([true, true]);
});
