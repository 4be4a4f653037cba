/** `call-queue` of a realm: calls that wait for a callee that is free. */

import { describe, expect, test } from "bun:test";
import type { QueueConfig } from "#config/realm/realm-config.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { quiet } from "../../support/quiet-context.ts";
import {
  ask,
  everything,
  type JoinedPeer,
  openRouter,
  type RealmParts,
} from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];
const BUSY = "crossbar.error.max_concurrency_reached";
const queue: QueueConfig = { uri: "a.", match: "prefix", limit: 10 };

/** A caller, and a callee that performs one call at once. */
async function busyRealm(parts: RealmParts = {}, register: object = {}) {
  const router = openRouter(roles, quiet, { queues: [queue], ...parts });
  const [caller, callee] = [await router.join(), await router.join()];
  await ask(callee, [M.REGISTER, 1, { concurrency: 1, ...register }, "a.b"]);
  return { ...router, caller, callee };
}

/** What waits is called behind what is being done. */
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

const calls = (caller: JoinedPeer, ...ids: number[]) => {
  for (const id of ids) caller.says([M.CALL, id, {}, "a.b", [id]]);
};

/** The arguments of the INVOCATIONs that a callee has, and takes them. */
const invoked = (callee: JoinedPeer) =>
  callee.take().flatMap(([type, , , , args]) => (type === M.INVOCATION ? (args as unknown[]) : []));

/** The requests that are answered, each with its value or the URI of its ERROR. */
const answers = (caller: JoinedPeer) =>
  caller
    .take()
    .map((message) =>
      message[0] === M.RESULT ? [message[1], message[3]] : [message[2], message[4]],
    );

describe("a call of a callee that is busy", () => {
  test("waits, in its order, until it is free", async () => {
    const { caller, callee } = await busyRealm();
    calls(caller, 1, 2, 3);
    expect([answers(caller), invoked(callee)]).toEqual([[], [1]]);
    callee.says([M.YIELD, 1, {}, ["first"]]);
    // Behind those that wait, though the callee is free.
    calls(caller, 4);
    await soon();
    expect([answers(caller), invoked(callee)]).toEqual([[[1, ["first"]]], [2]]);
    callee.says([M.ERROR, M.INVOCATION, 2, {}, "an.error"]);
    await soon();
    expect([answers(caller), invoked(callee)]).toEqual([[[2, "an.error"]], [3]]);
    caller.says([M.CANCEL, 3, {}]);
    await soon();
    expect(invoked(callee)).toEqual([4]);
  });

  test("waits only for procedures that are configured, up to the limit, and in one message", async () => {
    const { caller, callee } = await busyRealm({ queues: [{ ...queue, limit: 1 }] });
    await ask(callee, [M.REGISTER, 2, { concurrency: 1 }, "b.c"]);
    calls(caller, 1);
    caller.says([M.CALL, 2, { progress: true }, "a.b"]);
    calls(caller, 3, 4);
    caller.says([M.CALL, 5, {}, "b.c"]);
    caller.says([M.CALL, 6, {}, "b.c"]);
    expect(answers(caller)).toEqual([
      [2, BUSY],
      [4, BUSY],
      [6, BUSY],
    ]);
  });

  test("is refused where the realm has no queue", async () => {
    const router = openRouter(roles);
    const [caller, callee] = [await router.join(), await router.join()];
    await ask(callee, [M.REGISTER, 1, { concurrency: 1 }, "a.b"]);
    calls(caller, 1, 2);
    expect(answers(caller)).toEqual([[2, BUSY]]);
  });

  test("goes to another callee that comes, or to the same one with a greater concurrency", async () => {
    const { caller, callee, join } = await busyRealm({}, { invoke: "roundrobin" });
    calls(caller, 1, 2, 3);
    const other = await join();
    const options = { concurrency: 1, invoke: "roundrobin" };
    await ask(other, [M.REGISTER, 1, options, "a.b"]);
    await soon();
    expect([invoked(callee), invoked(other)]).toEqual([[1], [2]]);
    await ask(callee, [M.REGISTER, 2, { ...options, concurrency: 2 }, "a.b"]);
    await soon();
    expect(invoked(callee)).toEqual([3]);
  });

  test("keeps its arguments, though the octets of its message are gone", async () => {
    const { caller, callee } = await busyRealm();
    calls(caller, 1);
    const octets = encodeMessage([M.CALL, 2, {}, "a.b", ["kept"]], "json");
    caller.saysOctets(octets);
    octets.fill(0);
    callee.says([M.YIELD, 1, {}]);
    await soon();
    expect(invoked(callee)).toEqual([1, "kept"]);
  });

  test("waits no longer than its timeout, of which the callee is told the rest", async () => {
    const pass = fakeTime();
    const { join } = openRouter(roles, quiet, { queues: [queue] });
    const features = { call_timeout: true, call_canceling: true };
    const [caller, callee] = [await join(), await join({ roles: { callee: { features } } })];
    await ask(callee, [M.REGISTER, 1, { concurrency: 1, forward_timeout: true }, "a.b"]);
    calls(caller, 1);
    for (const [id, timeout] of [
      [2, 500],
      [3, 700],
    ]) {
      caller.says([M.CALL, id, { timeout }, "a.b"]);
    }
    pass(499);
    expect(answers(caller)).toEqual([]);
    pass(1);
    expect(answers(caller)).toEqual([[2, "wamp.error.timeout"]]);
    callee.take();
    callee.says([M.YIELD, 1, {}]);
    await Promise.resolve();
    expect(callee.take().map(([type, , , details]) => [type, details])).toEqual([
      [M.INVOCATION, { timeout: 200 }],
    ]);
    caller.take();
    pass(10_000);
    expect(caller.take()).toEqual([]);
  });
});

describe("while calls wait", () => {
  test("those of a better registration, and of the router, do not", async () => {
    const { caller, callee, join } = await busyRealm({ queues: [{ ...queue, uri: "" }] });
    await ask(callee, [M.REGISTER, 2, { match: "prefix", concurrency: 1 }, ""]);
    const other = await join();
    await ask(other, [M.REGISTER, 1, {}, "a.free"]);
    for (const id of [1, 2]) caller.says([M.CALL, id, {}, "a.any"]);
    caller.says([M.CALL, 3, {}, "a.free", ["free"]]);
    caller.says([M.CALL, 4, {}, "wamp.session.count"]);
    expect([answers(caller), invoked(other)]).toEqual([[[4, [3]]], ["free"]]);
  });

  test("a violation ends the session of its caller alone", async () => {
    const { caller, callee, join } = await busyRealm();
    const other = await join();
    calls(caller, 1, 2);
    other.says([M.CALL, 3, { ppt_scheme: "x_app" }, "a.b"]);
    expect(other.take().map(([type]) => type)).toEqual([M.ABORT]);
    callee.says([M.YIELD, 1, {}]);
    await soon();
    expect(invoked(callee)).toEqual([1, 2]);
  });
});

describe("a call that waits", () => {
  test("ends with CANCEL, once, and its id is in use until then", async () => {
    const { caller, callee } = await busyRealm();
    calls(caller, 1, 2);
    caller.says([M.CANCEL, 2, { mode: "skip" }]);
    expect(answers(caller)).toEqual([[2, "wamp.error.canceled"]]);
    calls(caller, 2);
    expect(answers(caller)).toEqual([]);
    calls(caller, 2);
    expect(caller.take().map(([type]) => type)).toEqual([M.ABORT]);
    callee.says([M.YIELD, 1, {}]);
    await soon();
    expect(invoked(callee)).toEqual([1]);
  });

  test("is dropped when its caller leaves, and those of others go on", async () => {
    const { caller, callee, join } = await busyRealm();
    const other = await join();
    calls(caller, 1, 2);
    calls(other, 3);
    caller.disconnect();
    await soon();
    expect(invoked(callee)).toEqual([1, 3]);
  });

  test("gets an ERROR when nobody has its procedure any more", async () => {
    const { caller, callee } = await busyRealm();
    calls(caller, 1, 2);
    callee.disconnect();
    await soon();
    expect(answers(caller)).toEqual([
      [1, "wamp.error.canceled"],
      [2, "wamp.error.no_such_procedure"],
    ]);
  });

  test("goes to a callee with a pattern when the procedure is unregistered", async () => {
    const { caller, callee, join } = await busyRealm();
    const [, , id] = await ask(callee, [M.REGISTER, 2, {}, "a.b"]);
    await ask(callee, [M.REGISTER, 3, { concurrency: 1 }, "a.b"]);
    const other = await join();
    await ask(other, [M.REGISTER, 1, { match: "prefix" }, "a."]);
    calls(caller, 1, 2);
    callee.says([M.UNREGISTER, 4, id]);
    await soon();
    expect([invoked(callee), invoked(other)]).toEqual([[1], [2]]);
  });

  test("keeps a session that is to end until it is answered", async () => {
    const pass = fakeTime();
    const { caller, callee } = await busyRealm();
    calls(caller, 1, 2);
    caller.session.retire("shutdown", 10_000);
    pass(2_100);
    expect(caller.closed).toBeUndefined();
    callee.says([M.YIELD, 1, {}]);
    await Promise.resolve();
    callee.says([M.YIELD, 2, {}]);
    for (let i = 0; i < 3; i++) await Promise.resolve();
    expect(caller.take().map(([type]) => type)).toEqual([M.RESULT, M.RESULT, M.GOODBYE]);
  });
});
