/** What a worker measures of itself. */

import { describe, expect, test } from "bun:test";
import { type MessageToController, parseMessageToController } from "#node/control-message.ts";
import { RecentWarnings } from "#observe/recent-warnings.ts";
import { slowClients } from "#observe/slow-clients.ts";
import { traffic } from "#observe/traffic.ts";
import { reportFigures, WorkerMeter } from "#worker/worker-figures.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { noSessions } from "../../support/node-figures.ts";

const own = {
  sessions: noSessions,
  routers: [{ connection: "c", health: "up" as const, sessions: 2, routers: 1, markedDown: 0 }],
};

test("has totals, and rates since the last reading", () => {
  const pass = fakeTime();
  pass(10_000);
  const meter = new WorkerMeter();
  const before = meter.readEvents(own);
  traffic.fromClients.messages += 10;
  traffic.fromClients.octets += 1_000;
  traffic.toClients.messages += 3;
  pass(2_000);
  const figures = meter.readEvents(own);
  expect(figures.fromClients).toEqual({
    messages: { total: before.fromClients.messages.total + 10, perSecond: 5 },
    octets: { total: before.fromClients.octets.total + 1_000, perSecond: 500 },
  });
  expect(figures.toClients.messages.perSecond).toBe(1.5);
  pass(2_000);
  expect(meter.readEvents(own).fromClients.messages.perSecond).toBe(0);
});

test("has what the worker knows, and what is counted in its process", () => {
  const meter = new WorkerMeter();
  expect(meter.readEvents(own)).toMatchObject({ ...own, slowClients: slowClients.cutOff });
  expect(meter.readUsage().residentOctets).toBeGreaterThan(2 ** 20);
});

/** Sends the figures of a worker; `sent` has the messages, each with what tells that it was taken. */
function reporting(worker = { figures: () => own }) {
  const pass = fakeTime();
  const warnings = new RecentWarnings();
  const sent: [message: MessageToController, onTaken: (() => void) | undefined][] = [];
  reportFigures(worker, warnings, (message, onTaken) => void sent.push([message, onTaken]));
  return { pass, warnings, sent };
}

test("are sent at once and at each interval, unless those before still wait", () => {
  const { pass, warnings, sent } = reporting();
  expect(sent).toHaveLength(1);
  pass(4_000);
  expect(sent).toHaveLength(1);
  warnings.add("warn", "router down");
  sent[0]?.[1]?.();
  pass(2_000);
  expect(sent).toHaveLength(2);
  expect(sent[1]?.[0]).toMatchObject({
    kind: "figures",
    warnings: [{ event: "router down" }],
    warningCount: 1,
  });
});

describe("a worker says that it is alive", () => {
  /** The kinds of the messages of so many intervals, each of which is taken; `change` is called before the first. */
  const kindsAfter = (change: (warnings: RecentWarnings) => void, intervals = 2) => {
    const known = { ...own };
    const { pass, warnings, sent } = reporting({ figures: () => known });
    const next = () => {
      sent.at(-1)?.[1]?.();
      pass(2_000);
    };
    next();
    next();
    sent.splice(0, sent.length - 1);
    change(warnings);
    for (let interval = 0; interval < intervals; interval++) next();
    return sent.slice(1).map(([{ kind }]) => kind);
  };

  test("where nothing has happened, and sends figures every ten seconds all the same", () => {
    expect(kindsAfter(() => {}, 8)).toEqual([
      "alive",
      "alive",
      "figures",
      "alive",
      "alive",
      "alive",
      "alive",
      "figures",
    ]);
  });

  test("behind a warning", () => {
    expect(kindsAfter((warnings) => warnings.add("warn", "router down"))).toEqual([
      "figures",
      "alive",
    ]);
  });

  test("behind the rates of messages, which have to become 0 first", () => {
    const exchange = () => {
      traffic.toClients.messages += 1;
    };
    expect(kindsAfter(exchange, 3)).toEqual(["figures", "figures", "alive"]);
  });
});

test("are sent when a session has joined", () => {
  const known = { ...own };
  const { pass, sent } = reporting({ figures: () => known });
  sent[0]?.[1]?.();
  known.sessions = { ...noSessions, joins: 1 };
  pass(2_000);
  expect(sent[1]?.[0]).toMatchObject({ kind: "figures", figures: { sessions: { joins: 1 } } });
});

test("are what the controller takes from a worker", () => {
  const meter = new WorkerMeter();
  const figures = { ...meter.readUsage(), ...meter.readEvents(own) };
  const message = { kind: "figures", figures, warnings: [], warningCount: 0 };
  expect(parseMessageToController(message)).toEqual(message as never);
  const spoilt = { ...message, figures: { ...figures, pid: 1 } };
  expect(parseMessageToController(spoilt)).toBeUndefined();
});
