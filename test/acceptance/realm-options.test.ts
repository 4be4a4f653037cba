/** `uri_check`, `stats` and `call-queue` of a realm, on the built binary and on Crossbar with the same configuration. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { afterTest } from "../support/cleanups.ts";
import { role, startCrossbar } from "../support/crossbar-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode } from "../support/temporary-node.ts";
import { hasPython } from "../support/wamp-clients.ts";
import { wampSocket } from "../support/wamp-socket.ts";

function nodeAt(port: number): object {
  const realm = {
    name: "realm1",
    roles: [role("anonymous")],
    options: { uri_check: "strict", event_dispatching_chunk_size: 2 },
    stats: {
      rated_message_size: 512,
      trigger_after_rated_messages: 1_000,
      trigger_on_join: true,
      trigger_on_leave: true,
    },
  };
  const transport = {
    type: "websocket",
    endpoint: { type: "tcp", port, interface: "127.0.0.1" },
    auth: { anonymous: { type: "static", role: "anonymous" } },
  };
  const queue = [{ uri: "com.example.", match: "prefix" }];
  const store = { type: "memory", "call-queue": queue };
  const realms = [realm, { name: "queueing", roles: [role("anonymous")], store }];
  return { version: 2, workers: [{ type: "router", realms, transports: [transport] }] };
}

const patterns = [
  ["com.example.a_1", "exact"],
  ["com.Example.a", "exact"],
  ["com.example.a-b", "exact"],
  ["com.exämple", "exact"],
  ["com.example.", "prefix"],
  ["com.example.A", "prefix"],
  ["com..a", "wildcard"],
  ["com..A", "wildcard"],
] as const;
const [HELLO, WELCOME, ERROR, SUBSCRIBE, EVENT] = [1, 2, 8, 32, 36];
const [PUBLISH, CALL, REGISTER, INVOCATION, YIELD, RESULT] = [16, 48, 64, 68, 70, 50];

/** A client; its messages are waited for. */
async function join(port: number, realm = "realm1") {
  const socket = await wampSocket(`ws://127.0.0.1:${port}/`);
  afterTest(() => socket.close());
  const roles = { publisher: {}, subscriber: {}, caller: {}, callee: {} };
  socket.says([HELLO, realm, { roles }]);
  const [type, session] = await socket.next();
  expect(type).toBe(WELCOME);
  const next = () => {
    const closed = socket.closed.then(({ code }) => [`closed with ${code}`]);
    return Promise.race([socket.next(), closed]);
  };
  return { ...socket, session, next };
}

/** Which requests with these URIs are refused, and how. */
async function refusals(port: number): Promise<unknown[]> {
  const client = await join(port);
  const found: unknown[] = [];
  const ask = async (...message: unknown[]) => {
    client.says(message);
    const [type, , , , error] = await client.next();
    found.push([message[0], message.at(-1), type, type === ERROR ? error : null]);
  };
  for (const [uri, match] of patterns) {
    await ask(SUBSCRIBE, 1, { match }, uri);
    await ask(REGISTER, 2, { match }, uri);
    if (match !== "exact") continue;
    await ask(PUBLISH, 3, { acknowledge: true }, uri);
    await ask(CALL, 4, {}, `other.${uri}`);
  }
  expect(found.flat()).toContain(ERROR);
  return found;
}

/** The counts that are published of a session that joins and is lost, without what differs between sessions. */
async function counts(port: number): Promise<unknown[]> {
  const watcher = await join(port);
  watcher.says([SUBSCRIBE, 1, {}, "wamp.session.on_stats"]);
  await watcher.next();
  const watched = await join(port);
  const found: unknown[] = [];
  const take = async () => {
    const [type, , , , args] = await watcher.next();
    expect(type).toBe(EVENT);
    const [session, stats] = args as [Record<string, unknown>, Record<string, unknown>];
    const names = (map: object) => Object.keys(map).sort();
    expect(session["session"]).toBe(watched.session);
    found.push([names(session), names(stats), stats["serializer"], stats["first"], stats["last"]]);
  };
  await take();
  watched.close();
  await take();
  return found;
}

/** How calls of a callee that performs one at once are answered. */
async function queuedCalls(port: number): Promise<unknown[]> {
  const [callee, caller] = [await join(port, "queueing"), await join(port, "queueing")];
  callee.says([REGISTER, 1, { concurrency: 1 }, "com.example.work"]);
  await callee.next();
  for (const id of [1, 2, 3]) caller.says([CALL, id, {}, "com.example.work", [id]]);
  const found: unknown[] = [];
  for (let call = 1; call <= 3; call++) {
    const [invoked, invocation, , , args] = await callee.next();
    expect(invoked).toBe(INVOCATION);
    callee.says([YIELD, invocation, {}, args]);
    const [answered, id, , value] = await caller.next();
    expect(answered).toBe(RESULT);
    found.push([invocation, id, value]);
  }
  return found;
}

describe.if(hasPython)("a realm of Crossbar and of this program", () => {
  const [here, crossbar] = [freePort(), freePort()];
  let stops: { stop(): unknown }[] = [];

  beforeAll(async () => {
    stops = await Promise.all([
      startNode(temporaryFolder({ "node.json": nodeAt(here) })),
      startCrossbar(temporaryFolder({}), nodeAt(crossbar)),
    ]);
  }, 120_000);

  afterAll(() => Promise.all(stops.map((one) => one.stop())), 60_000);

  test("checks the same URIs strictly", async () => {
    expect(await refusals(here)).toEqual(await refusals(crossbar));
  });

  test("has calls wait for a busy callee, in the same order", async () => {
    const expected = [1, 2, 3].map((id) => [id, id, [id]]);
    expect(await queuedCalls(here)).toEqual(expected);
    expect(await queuedCalls(crossbar)).toEqual(expected);
  });

  test("publishes the same counts of sessions", async () => {
    expect(await counts(here)).toEqual(await counts(crossbar));
  });
});
