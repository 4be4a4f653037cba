import { describe, expect, jest, test } from "bun:test";
import type { ConnectionConfig } from "#config/connection/connection-config.ts";
import type { Backend } from "#proxy/routing/backend.ts";
import { ConnectionBackends } from "#proxy/routing/connection-backends.ts";
import { DownMarks } from "#proxy/routing/down-marks.ts";
import { lookUpHost } from "#proxy/routing/host-addresses.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";

const check = { interval: 60_000, rise: 1, fall: 1, while_up: false };

const config: ConnectionConfig & { transport: { type: "rawsocket" } } = {
  id: "conn1",
  transport: {
    type: "rawsocket",
    endpoint: { type: "tcp", host: "routers.test", port: 9000, timeoutMs: 1000 },
    serializer: "cbor",
    max_message_size: 65_536,
  },
  auth: "cryptosign-proxy",
  dns: { refresh: 30_000, health_check: check },
};

/** A connection to a host with these addresses, one list for each question; a text is a failure. */
function connection(answers: (string[] | string)[], changes: Partial<ConnectionConfig> = {}) {
  const pass = fakeTime();
  const { log, logged } = keptLog("info", "warn");
  const asked: unknown[][] = [];
  const lookUp = async (...question: unknown[]) => {
    asked.push(question);
    const answer = answers[asked.length - 1] ?? answers.at(-1) ?? [];
    if (typeof answer === "string") throw new Error(answer);
    return answer;
  };
  const marks = new DownMarks();
  const context = { log, slowStartMs: 0, marks };
  const made = new ConnectionBackends({ ...config, ...changes }, context, lookUp);
  afterTest(() => made.stop());
  return {
    made,
    marks,
    logged,
    asked,
    hosts: () => made.current.map(hostOf),
    /** Lets it be asked, and take the answer. */
    async asks() {
      await settled();
      pass(33_000);
      await settled();
    },
  };
}

const settled = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

function hostOf({ config: { transport } }: Backend): string {
  return transport.endpoint.type === "tcp" ? transport.endpoint.host : transport.endpoint.path;
}

describe("a connection to a name", () => {
  test("is to one router until the name has several addresses", async () => {
    const { hosts, asks, logged, asked } = connection([["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]]);
    await settled();
    expect([hosts(), asked]).toEqual([["routers.test"], [["routers.test", undefined]]]);
    await asks();
    expect(hosts()).toEqual(["10.0.0.1", "10.0.0.2"]);
    const fields = { connection: "conn1", host: "routers.test", routers: 2 };
    expect(logged).toEqual([["routers found by name", fields]]);
  });

  test("keeps the routers that it knows, and none that is gone", async () => {
    const { made, hosts, asks } = connection([
      ["10.0.0.1", "10.0.0.2"],
      ["10.0.0.3", "10.0.0.2"],
      ["10.0.0.2", "10.0.0.3"],
    ]);
    await settled();
    const [, second] = made.current;
    await asks();
    expect(hosts()).toEqual(["10.0.0.3", "10.0.0.2"]);
    expect(made.current[1]).toBe(second as Backend);
    const before = made.current;
    await asks();
    expect(made.current).toBe(before);
  });

  test("is not to the name while the only address that is left is marked down", async () => {
    const { made, marks, hosts, asks } = connection([["10.0.0.1", "10.0.0.2"], ["10.0.0.2"]]);
    await settled();
    marks.use([{ connection: "conn1", address: "10.0.0.2" }]);
    expect(made.figures).toMatchObject({ routers: 2, markedDown: 1 });
    await asks();
    expect([hosts(), made.figures.markedDown]).toEqual([["10.0.0.2"], 1]);
    marks.use([]);
    await asks();
    expect([hosts(), made.figures.markedDown]).toEqual([["routers.test"], 0]);
  });

  test("goes by the name again when one address is left", async () => {
    const { hosts, asks } = connection([["10.0.0.1", "10.0.0.2"], ["10.0.0.2"]]);
    await settled();
    await asks();
    expect(hosts()).toEqual(["routers.test"]);
  });

  test("keeps its routers while the name is not resolved, and that is said once", async () => {
    const { hosts, asks, logged } = connection([
      ["10.0.0.1", "10.0.0.2"],
      "no such host",
      "no such host",
      ["10.0.0.1", "10.0.0.2"],
    ]);
    await settled();
    for (let times = 0; times < 3; times++) await asks();
    expect(hosts()).toEqual(["10.0.0.1", "10.0.0.2"]);
    const fields = { connection: "conn1", host: "routers.test" };
    expect(logged.slice(1)).toEqual([
      ["host not found", { ...fields, reason: "no such host" }],
      ["host found again", fields],
    ]);
  });

  test.each([
    [["127.0.0.1", "::1"], ["routers.test"]],
    [
      ["10.0.0.1", "fd00::1", "10.0.0.2", "fd00::2"],
      ["10.0.0.1", "10.0.0.2"],
    ],
    [
      ["10.0.0.1", "fd00::1", "fd00::2"],
      ["fd00::1", "fd00::2"],
    ],
  ])("with the addresses %j is to the routers %j", async (addresses, expected) => {
    const { hosts } = connection([addresses]);
    await settled();
    expect(hosts()).toEqual(expected);
  });

  test("asks for addresses of the endpoint's IP version", async () => {
    const endpoint = { ...config.transport.endpoint, version: 6 } as never;
    const transport = { ...config.transport, endpoint };
    const { asked } = connection([[]], { transport });
    await settled();
    expect(asked).toEqual([["routers.test", 6]]);
  });

  test("checks the certificate of each router for the name", async () => {
    const endpoint = {
      ...config.transport.endpoint,
      tls: { ca_certificates: ["/ca.pem"] },
    } as never;
    const transport = { ...config.transport, endpoint };
    const { made } = connection([["10.0.0.1", "10.0.0.2"]], { transport });
    await settled();
    expect(made.current[0]?.config.transport.endpoint).toMatchObject({
      host: "10.0.0.1",
      tls: { hostname: "routers.test", ca_certificates: ["/ca.pem"] },
    });
  });

  test("has the health and the sessions of all its routers", async () => {
    const { made, logged } = connection([["10.0.0.1", "10.0.0.2"]]);
    await settled();
    const [first, second] = made.current as [Backend, Backend];
    const both = { connection: "conn1", routers: 2, markedDown: 0 };
    expect(made.figures).toEqual({ ...both, health: "unknown", sessions: 0 });
    first.sessions = 2;
    second.sessions = 3;
    first.failed("no answer");
    expect(made.figures.health).toBe("unknown");
    second.failed("no answer");
    expect(made.figures).toEqual({ ...both, health: "down", sessions: 5 });
    second.succeeded();
    expect(made.figures.health).toBe("up");
    expect(logged.slice(1)).toEqual([
      ["router down", { connection: "conn1", address: "10.0.0.1", reason: "no answer" }],
      ["router down", { connection: "conn1", address: "10.0.0.2", reason: "no answer" }],
      ["router up", { connection: "conn1", address: "10.0.0.2" }],
    ]);
  });

  test("remembers that a router was reached that is gone", async () => {
    const { made, asks } = connection([
      ["10.0.0.1", "10.0.0.2"],
      ["10.0.0.3", "10.0.0.4"],
    ]);
    await settled();
    expect(made.wasReached).toBe(false);
    made.current[0]?.succeeded();
    await asks();
    expect(made.wasReached).toBe(true);
  });

  test("has only routers checked that it has, and none once it is stopped", async () => {
    const health_check = { ...check, while_up: true };
    const dns = { refresh: 30_000, health_check };
    const { made, asks, asked } = connection(
      [
        ["10.0.0.1", "10.0.0.2"],
        ["10.0.0.3", "10.0.0.4"],
      ],
      { dns, health_check },
    );
    await settled();
    const timers = jest.getTimerCount();
    await asks();
    expect([asked.length, jest.getTimerCount()]).toEqual([2, timers]);
    made.stop();
    // Two checks, and the next question about the name.
    expect(jest.getTimerCount()).toBe(timers - 3);
    await asks();
    expect(asked).toHaveLength(2);
  });

  test("takes no answer once it is stopped", async () => {
    const { made, hosts, logged } = connection([["10.0.0.1", "10.0.0.2"]]);
    made.stop();
    await settled();
    expect([hosts(), logged, jest.getTimerCount()]).toEqual([["routers.test"], [], 0]);
  });
});

test("a connection to an address asks for nothing", async () => {
  const { dns: _, ...plain } = config;
  const asked: unknown[] = [];
  const lookUp = async (host: string) => {
    asked.push(host);
    return [];
  };
  const { log } = keptLog();
  new ConnectionBackends(plain, { log, slowStartMs: 0, marks: new DownMarks() }, lookUp);
  await settled();
  expect(asked).toEqual([]);
});

describe("the system", () => {
  test("finds the addresses of a host", async () => {
    expect(await lookUpHost("localhost", 4)).toEqual(["127.0.0.1"]);
  });

  test("does not find a host that there is not", async () => {
    await expect(lookUpHost("no-such-host.invalid", undefined)).rejects.toThrow();
  });
});
