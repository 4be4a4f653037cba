import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask, everything, openRouter } from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];

async function callerAndCallee(limits: object, register: object = {}, features: object = {}) {
  const { join } = openRouter(roles, quiet, { options: limits });
  const announced = { callee: { features: { call_canceling: true, ...features } } };
  const [caller, callee] = [await join(), await join({ roles: announced })];
  await ask(callee, [M.REGISTER, 1, register, "a.b"]);
  return { caller, callee };
}

describe("a call ends", () => {
  test.each<[string, object, object, number | undefined]>([
    ["at its timeout", {}, { timeout: 500 }, 500],
    ["never without one", {}, {}, undefined],
    ["never with timeout 0", { default_call_timeout: 300 }, { timeout: 0 }, undefined],
    ["at the realm's default", { default_call_timeout: 300 }, {}, 300],
    [
      "at its timeout, though the default is less",
      { default_call_timeout: 300 },
      { timeout: 500 },
      500,
    ],
    ["at the greatest timeout of the realm", { max_call_timeout: 400 }, { timeout: 500 }, 400],
    ["at the greatest timeout without one", { max_call_timeout: 400 }, {}, 400],
    ["at the greatest timeout with timeout 0", { max_call_timeout: 400 }, { timeout: 0 }, 400],
    [
      "at the default below the greatest",
      { max_call_timeout: 400, default_call_timeout: 300 },
      {},
      300,
    ],
  ])("%s", async (_, limits, options, expected) => {
    const pass = fakeTime();
    const { caller, callee } = await callerAndCallee(limits);
    caller.says([M.CALL, 7, options, "a.b"]);
    expect((await callee.next())[0]).toBe(M.INVOCATION);
    pass((expected ?? 100_000) - 1);
    expect([caller.take(), callee.take()]).toEqual([[], []]);
    pass(1);
    if (expected === undefined) return;
    const sentence = `The call took longer than ${expected} ms`;
    expect(caller.take()).toEqual([[M.ERROR, M.CALL, 7, {}, "wamp.error.timeout", [sentence]]]);
    expect(callee.take().map(([type]) => type)).toEqual([M.INTERRUPT]);
  });
});

describe("a callee that ends calls itself", () => {
  const handles = { call_timeout: true };

  test("is told the timeout where it asks for that, and the router waits for it", async () => {
    const pass = fakeTime();
    const { caller, callee } = await callerAndCallee({}, { forward_timeout: true }, handles);
    caller.says([M.CALL, 7, { timeout: 500 }, "a.b"]);
    expect((await callee.next())[3]).toEqual({ timeout: 500 });
    pass(10_000);
    expect(caller.take()).toEqual([]);
  });

  test.each([
    ["it does not ask", {}, handles],
    ["it has not announced call_timeout", { forward_timeout: true }, {}],
  ])("is not told it where %s", async (_, register, features) => {
    const pass = fakeTime();
    const { caller, callee } = await callerAndCallee({}, register, features);
    caller.says([M.CALL, 7, { timeout: 500 }, "a.b"]);
    expect((await callee.next())[3]).toEqual({});
    pass(500);
    expect(caller.take()[0]?.[4]).toBe("wamp.error.timeout");
  });

  test("does not keep the router from ending what takes longer than the greatest timeout", async () => {
    const pass = fakeTime();
    const limits = { max_call_timeout: 600 };
    const { caller, callee } = await callerAndCallee(limits, { forward_timeout: true }, handles);
    caller.says([M.CALL, 7, { timeout: 500 }, "a.b"]);
    await callee.next();
    pass(599);
    expect(caller.take()).toEqual([]);
    pass(1);
    expect(caller.take()[0]?.[4]).toBe("wamp.error.timeout");
  });
});
