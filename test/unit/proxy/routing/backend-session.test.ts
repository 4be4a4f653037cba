import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Backend } from "#proxy/routing/backend.ts";
import { type BackendObserver, BackendSession } from "#proxy/routing/backend-session.ts";
import { DownMarks } from "#proxy/routing/down-marks.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { connectionTo } from "../../../support/proxy-worker.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { scriptedRouter } from "../../../support/scripted-router.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** Keeps what a router sends, in order; a burst is kept as `burst`. */
function observer() {
  const seen: unknown[] = [];
  let wake = () => {};
  const keep = (one: unknown) => {
    seen.push(one);
    wake();
  };
  const made: BackendObserver = {
    onRouterMessage: (message: WireMessage) => keep(decodeMessage(message, "cbor")),
    onRouterBurst(deliver) {
      keep("burst");
      deliver();
    },
    onRouterDrain: () => keep("drain"),
    onRouterLost: () => keep("lost"),
  };
  const until = async (last: string) => {
    while (seen.at(-1) !== last) await new Promise<void>((resolve) => (wake = resolve));
    return seen;
  };
  return { observer: made, seen, until };
}

async function open(canceled?: AbortSignal, on_down?: "close") {
  const path = join(temporaryFolder(), "router.sock");
  const router = await scriptedRouter(path);
  const check = { interval: 1_000_000, rise: 1, fall: 1, while_up: false };
  const config = {
    ...connectionTo("router", path),
    health_check: check,
    ...(on_down && { on_down }),
  };
  const marks = new DownMarks();
  const markDown = () => marks.use([{ connection: "router", address: null }]);
  const backend = new Backend(config, { log: quiet, slowStartMs: 0, marks });
  const observed = observer();
  const options = {
    serializer: "cbor",
    maxBuffered: 65_536,
    ...(canceled && { canceled }),
  } as const;
  const session = BackendSession.open(backend, options, observed.observer);
  return { router, backend, session, markDown, ...observed };
}

describe("a session with a router", () => {
  test("counts from the first moment until the router ends it", async () => {
    const { router, backend, session, seen, until } = await open();
    expect(backend.sessions).toBe(1);
    const { peer, isOver } = await session;
    const side = await router.session();
    side.says([36, 1, 2, {}]);
    side.hangUp();
    const messages = (await until("lost")).filter((one) => one !== "burst");
    expect(messages).toEqual([[36, 1, 2, {}], "lost"]);
    expect([peer.serializer, isOver, (await session).isOver]).toEqual(["cbor", false, true]);
    (await session).onClose("again");
    expect(seen.filter((one) => one === "lost")).toHaveLength(1);
    expect([backend.sessions, backend.isUp]).toEqual([0, true]);
  });

  test.each([
    [true, undefined, [6, {}, "wamp.close.close_realm"]],
    [true, "wamp.close.system_shutdown", [6, {}, "wamp.close.system_shutdown"]],
    [false, undefined, undefined],
  ] as const)(
    "that has joined (%p) and leaves with %p says %j",
    async (joined, reason, goodbye) => {
      const { router, backend, session, seen } = await open();
      const side = await router.session();
      const one = await session;
      one.leave(joined, reason);
      expect([one.isOver, backend.sessions]).toEqual([true, 0]);
      const closed = side.closed.promise.then(() => undefined);
      expect(await Promise.race([side.next(), closed])).toEqual(goodbye && [...goodbye]);
      await closed;
      one.onMessage(new Uint8Array([0x81, 3]));
      one.onDrain();
      one.onClose("late");
      expect([seen, backend.sessions]).toEqual([[], 0]);
    },
  );

  test("delivers the rest of a burst after it was left, to nobody", async () => {
    const { session, seen } = await open();
    const one = await session;
    one.leave(false);
    let delivered = 0;
    one.onBurst(() => {
      delivered += 1;
      one.onMessage(new Uint8Array([0x81, 3]));
    });
    expect([delivered, seen]).toEqual([1, []]);
  });

  test("has another observer from then on, unless it is over", async () => {
    const { session, seen } = await open();
    const one = await session;
    const [other, third] = [observer(), observer()];
    one.setObserver(other.observer);
    one.onBurst(() => one.onDrain());
    one.leave(false);
    one.setObserver(third.observer);
    one.onDrain();
    expect([seen, other.seen, third.seen, one.isOver]).toEqual([[], ["burst", "drain"], [], true]);
  });
});

describe("a session on a router that goes down", () => {
  test("ends as if the router had ended it, where on_down says so", async () => {
    const { router, backend, session, seen } = await open(undefined, "close");
    await session;
    const side = await router.session();
    backend.failed("no answer");
    expect(await side.rest()).toEqual([]);
    expect([seen, (await session).isOver, backend.sessions]).toEqual([["lost"], true, 0]);
  });

  test("says GOODBYE where its observer does", async () => {
    const { router, backend, session } = await open(undefined, "close");
    const one = await session;
    const leaving = { ...observer().observer, onRouterLost: () => one.leave(true, "a.reason") };
    one.setObserver(leaving);
    const side = await router.session();
    backend.failed("no answer");
    expect(await side.rest()).toEqual([[6, {}, "a.reason"]]);
  });

  test("goes on otherwise, and where it has ended before nothing is done", async () => {
    const kept = await open();
    await kept.session;
    kept.backend.failed("no answer");
    expect([kept.seen, (await kept.session).isOver]).toEqual([[], false]);
    const ended = await open(undefined, "close");
    (await ended.session).leave(false);
    ended.backend.failed("no answer");
    expect(ended.seen).toEqual([]);
  });
});

describe("a session on a router that is marked down", () => {
  test("ends as if the router had ended it, where on_down says so", async () => {
    const { router, backend, session, seen, markDown } = await open(undefined, "close");
    await session;
    const side = await router.session();
    markDown();
    expect(await side.rest()).toEqual([]);
    expect([seen, (await session).isOver, backend.sessions]).toEqual([["lost"], true, 0]);
  });

  test("ends by the mark also where a reload or its host has replaced the router", async () => {
    const { backend, session, markDown } = await open(undefined, "close");
    const one = await session;
    backend.stop();
    markDown();
    expect([one.isOver, backend.isMarkedDown]).toEqual([true, true]);
  });

  test("goes on otherwise", async () => {
    const { session, seen, markDown } = await open();
    await session;
    markDown();
    expect([seen, (await session).isOver]).toEqual([[], false]);
  });

  test("is not opened, and is no failure of its router, where the mark is made meanwhile", async () => {
    const { router, backend, session, markDown } = await open();
    markDown();
    await expect(session).rejects.toMatchObject({
      source: "router",
      message: 'Cannot join over connection "router": its router is marked down',
    });
    expect(await (await router.session()).rest()).toEqual([]);
    expect([backend.sessions, backend.isUp]).toEqual([0, true]);
  });
});

describe("a session that is not opened", () => {
  test("counts as a failure of its router", async () => {
    const backend = new Backend(
      {
        ...connectionTo("router", "/none/router.sock"),
        health_check: { interval: 1_000_000, rise: 1, fall: 1, while_up: false },
      },
      { log: quiet, slowStartMs: 0, marks: new DownMarks() },
    );
    const { observer: nobody, seen } = observer();
    const options = { serializer: "cbor", maxBuffered: 1 } as const;
    const opening = BackendSession.open(backend, options, nobody);
    await expect(opening).rejects.toMatchObject({ source: "router" });
    expect([backend.sessions, backend.isUp, seen]).toEqual([0, false, []]);
  });

  test.each(["before", "while"])(
    "is no failure where it is canceled %s it begins",
    async (when) => {
      const controller = new AbortController();
      if (when === "before") controller.abort(new Error("gone"));
      const { backend, session } = await open(controller.signal);
      controller.abort(new Error("gone"));
      await expect(session).rejects.toThrow("gone");
      expect([backend.sessions, backend.isUp]).toEqual([0, true]);
    },
  );

  test("says nothing to a router that was reached all the same", async () => {
    const controller = new AbortController();
    controller.abort(new Error("gone"));
    const { router, session } = await open(controller.signal);
    await expect(session).rejects.toThrow("gone");
    expect(await (await router.session()).rest()).toEqual([]);
  });
});
