/** The sessions of a realm that several routers have, through its meta API. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { type Member, openMember } from "../../support/cluster-harness.ts";
import { LoopbackHub } from "../../support/loopback-engine.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask, type JoinedPeer } from "../../support/router-harness.ts";

async function openPair() {
  const hub = new LoopbackHub();
  const cluster = { presence_timeout: 100 };
  const [one, other] = [await openMember(hub, { cluster }), await openMember(hub, { cluster })];
  return { hub, one, other };
}

let lastRequest = 0;

/** The result of a meta procedure, or the URI of its error. */
async function call(peer: JoinedPeer, procedure: string, ...args: unknown[]): Promise<unknown> {
  const answer = await ask(peer, [M.CALL, ++lastRequest, {}, `wamp.session.${procedure}`, args]);
  return answer[0] === M.RESULT ? (answer[3] as unknown[])[0] : answer[4];
}

async function subscribe(peer: JoinedPeer, topic: string): Promise<void> {
  const [type] = await ask(peer, [M.SUBSCRIBE, ++lastRequest, {}, topic]);
  expect(type).toBe(M.SUBSCRIBED);
}

const argsOf = async (peer: JoinedPeer) => (await peer.next())[4];

/** Ends a router without a word: it is cut off, and what it keeps for a time ends. */
function kill(hub: LoopbackHub, { engine }: Member): void {
  engine.cut();
  hub.expire(engine);
}

describe("the meta API of a cluster", () => {
  test("counts, lists and shows the sessions of all routers", async () => {
    const { one, other } = await openPair();
    const [here, there] = [await one.join(), await other.join()];
    expect(await call(here, "count")).toBe(2);
    expect(await call(here, "count", ["user"])).toBe(2);
    expect(await call(here, "count", ["nobody"])).toBe(0);
    expect(new Set((await call(here, "list")) as number[])).toEqual(new Set([here.id, there.id]));
    const shown = await call(here, "get", there.id);
    expect(shown).toEqual(await call(there, "get", there.id));
    expect(shown).toMatchObject({ session: there.id, authrole: "user", authmethod: "anonymous" });
  });

  test("knows no session any more that has left", async () => {
    const { one, other } = await openPair();
    const [here, there] = [await one.join(), await other.join()];
    there.disconnect();
    expect(await call(here, "get", there.id)).toBe("wamp.error.no_such_session");
    expect(await call(here, "count")).toBe(1);
  });

  test("tells once of each join and leave, wherever it is", async () => {
    const { one, other } = await openPair();
    const watchers = [await one.join(), await other.join()];
    for (const watcher of watchers) {
      await subscribe(watcher, "wamp.session.on_join");
      await subscribe(watcher, "wamp.session.on_leave");
    }
    const there = await other.join();
    there.disconnect();
    for (const watcher of watchers) {
      expect(await argsOf(watcher)).toEqual([expect.objectContaining({ session: there.id })]);
      expect(await argsOf(watcher)).toEqual([there.id, expect.any(String), "user"]);
      expect(watcher.take()).toEqual([]);
    }
  });

  test("shows the sessions of a router that is there before", async () => {
    const hub = new LoopbackHub();
    const there = await (await openMember(hub)).join();
    const here = await (await openMember(hub)).join();
    expect(await call(here, "get", there.id)).toMatchObject({ session: there.id });
  });
});

describe("a session of another router", () => {
  test("is ended with a reason and a message", async () => {
    const { one, other } = await openPair();
    const [here, there] = [await one.join(), await other.join()];
    const kwargs = { reason: "a.reason", message: "out" };
    const asked = [M.CALL, ++lastRequest, {}, "wamp.session.kill", [there.id], kwargs];
    expect(await ask(here, asked)).toEqual([M.RESULT, lastRequest, {}, [null]]);
    expect(await there.next()).toEqual([M.GOODBYE, { message: "out" }, "a.reason"]);
    expect(await call(here, "count")).toBe(1);
  });

  test.each([
    ["kill_by_authrole", "user"],
    ["kill_all", undefined],
  ])("is ended by %s", async (procedure, argument) => {
    const { one, other } = await openPair();
    const [here, there] = [await one.join(), await other.join()];
    const args = argument === undefined ? [] : [argument];
    const killed = await call(here, procedure, ...args);
    expect(killed).toEqual(procedure === "kill_all" ? 1 : [there.id]);
    expect((await there.next())[0]).toBe(M.GOODBYE);
  });

  test("is not ended, nor any other, while its router cannot be reached", async () => {
    const { one, other } = await openPair();
    const [here, second, there] = [await one.join(), await one.join(), await other.join()];
    expect(await call(here, "count")).toBe(3);
    one.engine.cut();
    expect(await call(here, "kill_all")).toBe("wamp.error.unavailable");
    expect([second.take(), there.take()]).toEqual([[], []]);
  });
});

describe("a router of another version", () => {
  test("is warned of once, and keeps what it has in the table", async () => {
    const hub = new LoopbackHub();
    const warned: string[] = [];
    const log = { ...quiet, warn: (event: string) => warned.push(event) };
    const stranger = hub.engine();
    const kept = ["realm1.s.stranger.1", "realm1.r9.key"];
    const value = new TextEncoder().encode('{"version":9,"label":"new"}');
    const present = () => stranger.put("realm1.m.stranger", value, { seconds: 1 });
    await present();
    for (const key of kept) await stranger.put(key, value);
    const { engine } = await openMember(hub, { cluster: { presence_timeout: 100 }, log });
    await engine.put("realm1.s.gone.1", value);
    await present();
    while (hub.values.has("realm1.s.gone.1")) await Bun.sleep(5);
    for (const key of kept) expect(hub.values.has(key)).toBe(true);
    expect(warned.filter((event) => event === "cluster member of another version")).toHaveLength(1);
    hub.expire(stranger);
  });
});

describe("of the sessions of a router that is gone", () => {
  test("the others tell their subscribers, and they are not listed", async () => {
    const { hub, one, other } = await openPair();
    const [here, there] = [await one.join(), await other.join()];
    await subscribe(here, "wamp.session.on_leave");
    expect(await call(here, "count")).toBe(2);
    kill(hub, other);
    expect(await argsOf(here)).toEqual([there.id, expect.any(String), "user"]);
    expect(await call(here, "count")).toBe(1);
  });

  test("the others tell that they are there again when it comes back", async () => {
    const { hub, one, other } = await openPair();
    const [here, there] = [await one.join(), await other.join()];
    await subscribe(here, "wamp.session.on_join");
    expect(await call(here, "count")).toBe(2);
    kill(hub, other);
    while ((await call(here, "count")) !== 1) await Bun.sleep(5);
    other.engine.mend();
    expect(await argsOf(here)).toEqual([expect.objectContaining({ session: there.id })]);
    expect(await call(here, "count")).toBe(2);
    expect(await call(there, "count")).toBe(2);
  });
});
