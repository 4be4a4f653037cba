/** What callees ask for with REGISTER, besides a pattern and a policy. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { ask, everything, type JoinedPeer, openRouter } from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];
const revocable = { callee: { features: { registration_revocation: true } } };
const MAX_REACHED = "crossbar.error.max_concurrency_reached";

async function register(callee: JoinedPeer, options: object = {}) {
  const [type, , id] = await ask(callee, [M.REGISTER, 1, options, "a.b"]);
  expect(type).toBe(M.REGISTERED);
  return id as number;
}

describe("concurrency", () => {
  test("bounds the invocations that wait for a callee", async () => {
    const { join } = openRouter(roles);
    const [caller, callee] = [await join(), await join()];
    await register(callee, { concurrency: 1 });
    for (const id of [1, 2]) caller.says([M.CALL, id, {}, "a.b"]);
    expect(callee.take()).toHaveLength(1);
    expect(caller.take().map(([type, , id, , uri]) => [type, id, uri])).toEqual([
      [M.ERROR, 2, MAX_REACHED],
    ]);
    callee.says([M.YIELD, 1, {}]);
    caller.says([M.CALL, 3, {}, "a.b"]);
    expect([caller.take(), callee.take().length]).toEqual([[[M.RESULT, 1, {}]], 1]);
  });

  test("is free again after an ERROR, a CANCEL, and the end of the caller", async () => {
    const { join } = openRouter(roles);
    const [caller, callee] = [await join(), await join()];
    await register(callee, { concurrency: 1 });
    caller.says([M.CALL, 1, {}, "a.b"]);
    callee.says([M.ERROR, M.INVOCATION, 1, {}, "a.error"]);
    caller.says([M.CALL, 2, {}, "a.b"]);
    caller.says([M.CANCEL, 2, {}]);
    caller.says([M.CALL, 3, {}, "a.b"]);
    caller.disconnect();
    const other = await join();
    other.says([M.CALL, 1, {}, "a.b"]);
    expect(callee.take().filter(([type]) => type === M.INVOCATION)).toHaveLength(4);
    expect(other.take()).toEqual([]);
  });

  test("is changed by a callee that registers again", async () => {
    const { join } = openRouter(roles);
    const [caller, callee] = [await join(), await join()];
    const id = await register(callee, { concurrency: 1 });
    caller.says([M.CALL, 1, {}, "a.b"]);
    callee.take();
    expect(await register(callee, { concurrency: 2 })).toBe(id);
    for (const call of [2, 3]) caller.says([M.CALL, call, {}, "a.b"]);
    expect(caller.take().map(([, , call, , uri]) => [call, uri])).toEqual([[3, MAX_REACHED]]);
    callee.take();
    expect(await register(callee)).toBe(id);
    caller.says([M.CALL, 4, {}, "a.b"]);
    expect([caller.take(), callee.take().length]).toEqual([[], 1]);
  });

  test("of one callee leaves a call to the others that share the registration", async () => {
    const { join } = openRouter(roles);
    const [caller, ...callees] = [await join(), await join(), await join()];
    for (const callee of callees) await register(callee, { invoke: "roundrobin", concurrency: 2 });
    for (let id = 1; id <= 5; id++) caller.says([M.CALL, id, {}, "a.b"]);
    expect(callees.map((callee) => callee.take().length)).toEqual([2, 2]);
    expect(caller.take().map(([, , id, , uri]) => [id, uri])).toEqual([[5, MAX_REACHED]]);
  });
});

describe("force_reregister", () => {
  test("takes a procedure from its callees, which are told if they understand that", async () => {
    const { join } = openRouter(roles);
    const [told, untold] = [await join({ roles: revocable }), await join()];
    const id = await register(told, { invoke: "first" });
    await register(untold, { invoke: "first" });
    const forcing = await join();
    const own = await register(forcing, { force_reregister: true });
    expect(own).not.toBe(id);
    const details = { registration: id, reason: "wamp.error.unregistered" };
    expect(told.take()).toEqual([[M.UNREGISTERED, 0, details]]);
    expect(untold.take()).toEqual([]);
    const caller = await join();
    caller.says([M.CALL, 1, {}, "a.b"]);
    expect([forcing.take().length, told.take(), untold.take()]).toEqual([1, [], []]);
  });

  test("leaves calls to those that have them", async () => {
    const { join } = openRouter(roles);
    const [caller, callee, forcing] = [await join(), await join(), await join()];
    await register(callee);
    caller.says([M.CALL, 1, {}, "a.b"]);
    await register(forcing, { force_reregister: true });
    callee.says([M.YIELD, 1, {}, ["done"]]);
    expect(caller.take()).toEqual([[M.RESULT, 1, {}, ["done"]]]);
  });

  test("takes nothing from others for a callee that may register no more", async () => {
    const { join } = openRouter(roles);
    const [callee, full] = [await join(), await join()];
    const id = await register(callee);
    // One session registers URIs of 16 MiB together.
    for (let index = 0; index < 64; index++) {
      const uri = `${String(index).padStart(3, "0")}${"x".repeat(262_144 - 8)}`;
      expect((await ask(full, [M.REGISTER, 2, {}, uri]))[0]).toBe(M.REGISTERED);
    }
    const uri = `y${"x".repeat(600)}`;
    const [, , other] = await ask(callee, [M.REGISTER, 3, {}, uri]);
    const forced = await ask(full, [M.REGISTER, 4, { force_reregister: true }, uri]);
    expect(forced[4]).toBe("wamp.error.unavailable");
    expect(other).not.toBe(id);
    const found = await ask(full, [M.CALL, 5, {}, "wamp.registration.lookup", [uri]]);
    expect(found[3]).toEqual([other]);
  });

  test("keeps the registration of a callee that has it alone, with the same policy", async () => {
    const { join } = openRouter(roles);
    const callee = await join({ roles: revocable });
    const id = await register(callee);
    expect(await register(callee, { force_reregister: true })).toBe(id);
    callee.says([M.REGISTER, 2, { force_reregister: true, invoke: "last" }, "a.b"]);
    expect(callee.take().map(([type]) => type)).toEqual([M.UNREGISTERED, M.REGISTERED]);
  });
});
