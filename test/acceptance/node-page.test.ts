/** The page of a node of the built binary: a router, and two proxies on one port. */

import { beforeEach, describe, expect, test } from "bun:test";
import type { WorkerStatistics } from "#observe/statistics.ts";
import { type OpenEvents, openEvents } from "../support/event-source.ts";
import { expectNodeStatistics, type PageStatistics } from "../support/node-statistics-schema.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  freePort,
  nodeForTest,
  type TemporaryNode,
  workerPids,
} from "../support/temporary-node.ts";
import { joinAutobahn } from "../support/wamp-clients.ts";

const allow = { call: true, register: true, publish: true, subscribe: true };
const role = { name: "anonymous", permissions: [{ uri: "*", allow }] };

const configuration = (port: number) => {
  const proxy = (id: string) => ({
    type: "proxy",
    id,
    connections: {
      conn1: {
        transport: {
          type: "rawsocket",
          endpoint: { type: "unix", path: "router.sock" },
          serializer: "cbor",
        },
      },
    },
    routes: { realm1: { anonymous: "conn1" } },
    transports: [
      {
        type: "web",
        endpoint: { type: "tcp", port, interface: "127.0.0.1", shared: true },
        paths: {
          "/": { type: "nodeinfo" },
          token: { type: "nodeinfo", token: "s3cret" },
          elsewhere: { type: "nodeinfo", require_ip: ["192.0.2.0/24"] },
          ws: {
            type: "websocket",
            auth: { anonymous: { type: "static", role: "anonymous", authid: "secretive" } },
          },
        },
      },
    ],
  });
  const router = {
    type: "router",
    id: "router",
    realms: [{ name: "realm1", roles: [role] }],
    transports: [
      {
        type: "rawsocket",
        endpoint: { type: "unix", path: "router.sock" },
        auth: { "anonymous-proxy": { type: "static" } },
      },
    ],
  };
  return {
    version: 2,
    controller: { id: "node1" },
    workers: [router, proxy("proxy1"), proxy("proxy2")],
  };
};

let node: TemporaryNode;
let origin: string;

beforeEach(async () => {
  const port = freePort();
  origin = `http://127.0.0.1:${port}`;
  node = await nodeForTest(temporaryFolder({ "node.json": configuration(port) }));
});

const workersOf = ({ workers }: PageStatistics): Record<string, WorkerStatistics> =>
  Object.fromEntries(workers.map((worker) => [worker.id, worker]));

/** The page as JSON, as one of the proxies serves it. */
async function page(answeredBy: string): Promise<PageStatistics> {
  for (;;) {
    const answer = await fetch(`${origin}/?format=json`, { headers: { Connection: "close" } });
    const statistics: unknown = await answer.json();
    expectNodeStatistics(statistics);
    if (statistics.answeredBy === answeredBy) return statistics;
  }
}

/** Events of one of the proxies. */
async function eventsOf(answeredBy: string): Promise<OpenEvents> {
  for (;;) {
    const events = await openEvents(`${origin}/`);
    const statistics = await events.next();
    expectNodeStatistics(statistics);
    if (statistics.answeredBy === answeredBy) return events;
    events.close();
  }
}

/** The first event for which this holds. */
async function until(
  events: OpenEvents,
  holds: (workers: Record<string, WorkerStatistics>, statistics: PageStatistics) => boolean,
): Promise<PageStatistics> {
  for (;;) {
    const statistics = await events.next();
    expectNodeStatistics(statistics);
    if (holds(workersOf(statistics), statistics)) return statistics;
  }
}

const joined = (worker: WorkerStatistics | undefined) => worker?.figures?.sessions.joined ?? 0;

test("whichever worker serves the page, it has the figures of all", async () => {
  for (const answeredBy of ["proxy1", "proxy2"]) {
    const { workers, node: name } = await page(answeredBy);
    expect(name).toBe("node1");
    expect(
      workers.map(({ id, type, state, figures }) => [id, type, state, figures !== null]),
    ).toEqual([
      ["router", "router", "running", true],
      ["proxy1", "proxy", "running", true],
      ["proxy2", "proxy", "running", true],
    ]);
  }
});

test("the events follow when a client joins, speaks and leaves", async () => {
  const events = await eventsOf("proxy1");
  const client = await joinAutobahn(`${origin.replace("http", "ws")}/ws`, "json");
  const sessions = ({ proxy1, proxy2 }: Record<string, WorkerStatistics>) =>
    joined(proxy1) + joined(proxy2);
  const both = await until(events, (all) => sessions(all) === 1 && joined(all["router"]) === 1);
  const { router, proxy1, proxy2 } = workersOf(both);
  const one = joined(proxy1) === 1 ? proxy1 : proxy2;
  const roles = [{ realm: "realm1", role: "anonymous", sessions: 1 }];
  expect(one?.figures?.sessions).toMatchObject({ roles, joins: 1 });
  expect(router?.figures?.sessions).toMatchObject({ roles, joins: 1 });
  expect(one?.figures?.routers).toEqual([
    { connection: "conn1", health: "up", sessions: 1, routers: 1, markedDown: 0 },
  ]);

  await client.registerEcho("com.example.echo");
  await client.call("com.example.echo", ["hello"]);
  const spoke = await until(events, (all) => {
    const { messages } = all[one?.id ?? ""]?.figures?.fromClients ?? {};
    return messages !== undefined && messages.total === 3 && messages.perSecond > 0;
  });
  // REGISTER, CALL and YIELD, and their answers: REGISTERED, INVOCATION, RESULT.
  expect(workersOf(spoke)[one?.id ?? ""]?.figures?.toClients.messages.total).toBe(3);
  const routed = await until(
    events,
    ({ router: it }) => it?.figures?.toClients.messages.total === 3,
  );
  expect(workersOf(routed)["router"]?.figures?.fromClients.messages.total).toBe(3);

  await client.leave();
  const left = await until(events, (all) => sessions(all) === 0 && joined(all["router"]) === 0);
  expect(workersOf(left)[one?.id ?? ""]?.figures?.sessions).toMatchObject({ roles: [], joins: 1 });
}, 30_000);

test("a client that is refused is counted by the reason", async () => {
  const events = await eventsOf("proxy2");
  const client = new WebSocket(`${origin.replace("http", "ws")}/ws`, "wamp.2.json");
  client.onopen = () => client.send('[1,"nowhere",{"roles":{"caller":{}}}]');
  await until(events, ({ proxy1, proxy2 }) =>
    [proxy1, proxy2].some((worker) =>
      worker?.figures?.sessions.refusals.some(
        ({ reason, count }) => reason === "wamp.error.no_such_realm" && count === 1,
      ),
    ),
  );
}, 30_000);

test("a worker that is stopped is silent, with the age of its last figures", async () => {
  const events = await eventsOf("proxy1");
  const pid = workerPids(node.output())["proxy2"] ?? 0;
  process.kill(pid, "SIGSTOP");
  const silent = await until(events, ({ proxy2 }) => proxy2?.state === "silent");
  const { proxy1, proxy2 } = workersOf(silent);
  expect([proxy1?.state, proxy2?.figures]).toEqual(["running", expect.any(Object)]);
  expect(proxy2?.ageSeconds).toBeGreaterThanOrEqual(6);
  process.kill(pid, "SIGCONT");
  await until(events, ({ proxy2: again }) => again?.state === "running");
}, 40_000);

test("a worker that died is started again, and there is a warning without its process id", async () => {
  const events = await eventsOf("proxy1");
  process.kill(workerPids(node.output())["proxy2"] ?? 0, "SIGKILL");
  const { warnings } = await until(
    events,
    ({ proxy2 }) => proxy2?.restarts === 1 && proxy2.state === "running",
  );
  expect(warnings[0]).toEqual({
    at: expect.any(String),
    level: "warn",
    worker: null,
    event: "worker died",
    fields: { id: "proxy2", ended: "signal SIGKILL", restart_ms: expect.any(Number) },
  });
}, 30_000);

describe("what is shown", () => {
  test("has no process id, no file, no address and no authid", async () => {
    const client = await joinAutobahn(`${origin.replace("http", "ws")}/ws`, "json");
    const events = await eventsOf("proxy1");
    const seen = await until(events, ({ router }) => joined(router) === 1);
    const html = await (await fetch(`${origin}/`)).text();
    const [, body = ""] = /<body>(.*?)<script>/s.exec(html) ?? [];
    for (const text of [JSON.stringify(seen), body]) {
      expect(text).not.toMatch(/secretive|router\.sock|127\.0\.0\.1|"pid"|s3cret/);
      expect(text).not.toContain(node.folder);
      for (const pid of [node.pid, ...Object.values(workerPids(node.output()))]) {
        expect(text).not.toMatch(new RegExp(`(pid|Pid|process)[^,<]{0,9}${pid}`));
      }
    }
    await client.leave();
  }, 30_000);

  test("is refused without the token, and to other addresses", async () => {
    const statusOf = async (path: string, headers = {}) =>
      (await fetch(origin + path, { headers })).status;
    expect(await statusOf("/token")).toBe(401);
    expect(await statusOf("/token", { Authorization: "Bearer wrong" })).toBe(401);
    expect(await statusOf("/token", { Authorization: "Bearer s3cret" })).toBe(200);
    expect(await statusOf("/token", { Authorization: `Basic ${btoa("me:s3cret")}` })).toBe(200);
    expect(await statusOf("/elsewhere")).toBe(403);
    expect(await statusOf("/health")).toBe(404);
  });
});
