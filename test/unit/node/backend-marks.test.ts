/** The backends that an operator marks down and up, and what the operator is told. */

import { describe, expect, test } from "bun:test";
import { BackendMarks } from "#node/backend-marks.ts";
import type { BackendFacts, BackendName } from "#observe/backend-facts.ts";
import { keptLog } from "../../support/kept-log.ts";

const named = (connection: string, address: string | null = null): BackendName => ({
  connection,
  address,
});
const facts = (backend: BackendName, sessions: number): BackendFacts => ({
  ...backend,
  health: "up",
  sessions,
  isMarkedDown: false,
});

/** A node with two proxies, of which the second does not answer, and the marks that it was sent. */
function node() {
  const connections = new Set(["conn1", "named"]);
  const sent: (readonly BackendName[])[] = [];
  const backends = [
    facts(named("conn1"), 3),
    facts(named("named", "10.0.0.1"), 1),
    facts(named("named", "10.0.0.2"), 2),
  ];
  const { log, logged } = keptLog("info");
  const marks = new BackendMarks(
    {
      connections: () => connections,
      ask: () =>
        Promise.resolve([
          { id: "proxy1", answer: { about: "backends", backends } },
          { id: "proxy2", answer: null },
        ]),
      sendMarks: (all) => sent.push(all),
    },
    log,
  );
  const set = async (state: "down" | "up", backend: BackendName) =>
    (await marks.set(backend, state === "down")).text;
  return { marks, sent, logged, connections, set };
}

const silent = `; no answer from "proxy2"`;

describe("a mark", () => {
  test("is sent to all workers, until it is dropped", async () => {
    const { marks, sent, logged, set } = node();
    expect(await set("down", named("conn1"))).toBe(
      `Backend "conn1" is marked down; sessions on it: 3${silent}`,
    );
    expect(await set("down", named("conn1"))).toBe(
      `Backend "conn1" was marked down already; sessions on it: 3${silent}`,
    );
    expect(await set("up", named("conn1"))).toBe(`Backend "conn1" gets new sessions again`);
    expect(await set("up", named("conn1"))).toBe(`Backend "conn1" was not marked down`);
    expect([sent, marks.all]).toEqual([[[named("conn1")], []], []]);
    expect(logged).toEqual([
      ["backend marked down", { connection: "conn1" }],
      ["backend marked up", { connection: "conn1" }],
    ]);
  });

  test("is for one address of a host, or for all of them", async () => {
    const { marks, set } = node();
    const [one, two, all] = [
      named("named", "10.0.0.1"),
      named("named", "10.0.0.2"),
      named("named"),
    ];
    expect(await set("down", two)).toBe(
      `Backend "named" at 10.0.0.2 is marked down; sessions on it: 2${silent}`,
    );
    await set("down", one);
    expect(marks.all).toEqual([two, one]);
    expect(await set("down", all)).toContain("sessions on it: 3");
    expect(marks.all).toEqual([all]);
    expect(await set("down", one)).toContain(`"named" at 10.0.0.1 was marked down already`);
    expect(await set("up", one)).toBe(
      `Cannot mark backend "named" at 10.0.0.1 up: the whole connection is marked down`,
    );
    await set("up", all);
    await set("down", one);
    await set("up", all);
    expect(marks.all).toEqual([]);
  });

  test.each<[string, "down" | "up", BackendName, string]>([
    [
      "connection",
      "down",
      named("conn2"),
      'no proxy has a connection of this name; there are "conn1", "named"',
    ],
    [
      "connection",
      "up",
      named("conn2"),
      'no proxy has a connection of this name; there are "conn1", "named"',
    ],
    [
      "address",
      "down",
      named("named", "10.0.0.3"),
      "no proxy has a router at this address; there are 10.0.0.1, 10.0.0.2",
    ],
    [
      "address",
      "down",
      named("conn1", "10.0.0.1"),
      "no proxy has a router at this address; there are none",
    ],
  ])("is refused where there is no such %s: %s", async (_, state, backend, reason) => {
    const { marks, sent, set } = node();
    expect(await set(state, backend)).toEndWith(` ${state}: ${reason}`);
    expect([sent, marks.all]).toEqual([[], []]);
  });

  test("is taken from the node before, unless its connection is not configured here", () => {
    const { marks, sent, logged } = node();
    marks.adopt([named("conn1"), named("conn2")]);
    expect([marks.all, sent.at(-1)]).toEqual([[named("conn1")], [named("conn1")]]);
    expect(logged).toEqual([
      ["backend mark dropped", { connection: "conn2", reason: "no such connection" }],
    ]);
    const before = sent.length;
    marks.adopt([named("conn1")]);
    expect(sent).toHaveLength(before);
  });

  test("is dropped when no proxy has the connection any more", async () => {
    const { marks, sent, logged, connections, set } = node();
    await set("down", named("conn1"));
    await set("down", named("named"));
    marks.dropUnknown();
    expect(sent).toHaveLength(2);
    connections.delete("conn1");
    marks.dropUnknown();
    expect([sent.at(-1), marks.all]).toEqual([[named("named")], [named("named")]]);
    expect(logged.at(-1)).toEqual([
      "backend mark dropped",
      { connection: "conn1", reason: "no such connection" },
    ]);
  });
});
