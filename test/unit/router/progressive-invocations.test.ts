/** Calls in several messages (WAMP specification, section "Progressive Call Invocations"). */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { ask, everything, type JoinedPeer, openRouter } from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];
const streams = { progressive_call_invocations: true };
const streaming = {
  caller: { features: streams },
  callee: { features: { ...streams, call_canceling: true } },
};

async function callerAndCallee(register: object = {}) {
  const router = openRouter(roles);
  const [caller, callee] = [
    await router.join({ roles: streaming }),
    await router.join({ roles: streaming }),
  ];
  const [, , registration] = await ask(callee, [M.REGISTER, 1, register, "a.b"]);
  return { ...router, caller, callee, registration };
}

const says = (caller: JoinedPeer, value: number, isLast = false, options: object = {}) =>
  caller.says([M.CALL, 5, { ...options, ...(!isLast && { progress: true }) }, "a.b", [value]]);

describe("a call in several messages", () => {
  test("goes to one callee under one id, up to the message without progress", async () => {
    const { caller, callee, registration, join } = await callerAndCallee({ invoke: "roundrobin" });
    const other = await join({ roles: streaming });
    await ask(other, [M.REGISTER, 1, { invoke: "roundrobin" }, "a.b"]);
    says(caller, 1);
    says(caller, 2);
    says(caller, 3, true);
    expect(callee.take()).toEqual([
      [M.INVOCATION, 1, registration, { progress: true }, [1]],
      [M.INVOCATION, 1, registration, { progress: true }, [2]],
      [M.INVOCATION, 1, registration, {}, [3]],
    ]);
    expect(other.take()).toEqual([]);
    callee.says([M.YIELD, 1, {}, ["done"]]);
    expect(caller.take()).toEqual([[M.RESULT, 5, {}, ["done"]]]);
  });

  test("keeps the options of its first message", async () => {
    const { caller, callee } = await callerAndCallee();
    says(caller, 1, false, { disclose_me: true, receive_progress: true });
    says(caller, 2, true, { receive_progress: false });
    const [first, last] = callee.take().map(([, , , details]) => details as object);
    expect(first).toEqual({ ...last, progress: true });
    expect(last).toMatchObject({ caller: caller.id, receive_progress: true });
    callee.says([M.YIELD, 1, { progress: true }, [7]]);
    expect(caller.take()).toEqual([[M.RESULT, 5, { progress: true }, [7]]]);
  });

  test("that has ended drops what still comes of it, and its id is free then", async () => {
    const { caller, callee } = await callerAndCallee();
    says(caller, 1);
    callee.says([M.ERROR, M.INVOCATION, 1, {}, "a.error"]);
    says(caller, 2);
    says(caller, 3, true);
    expect([caller.take().length, callee.take().length]).toEqual([1, 1]);
    says(caller, 4, true);
    expect(callee.take().map(([, id]) => id)).toEqual([2]);
  });

  test("that is refused gets one ERROR, however many messages it has", async () => {
    const { caller, join } = await callerAndCallee();
    const unable = await join();
    await ask(unable, [M.REGISTER, 1, {}, "a.c"]);
    for (const progress of [true, true, false]) caller.says([M.CALL, 6, { progress }, "a.c"]);
    for (const progress of [true, true, false]) caller.says([M.CALL, 7, { progress }, "a.none"]);
    for (const progress of [true, false])
      caller.says([M.CALL, 8, { progress }, "wamp.session.list"]);
    for (const progress of [true, true, false]) caller.says([M.CALL, 9, { progress }, "a b"]);
    expect(caller.take().map(([type, , id, , uri]) => [type, id, uri])).toEqual([
      [M.ERROR, 6, "wamp.error.feature_not_supported"],
      [M.ERROR, 7, "wamp.error.no_such_procedure"],
      [M.ERROR, 8, "wamp.error.feature_not_supported"],
      [M.ERROR, 9, "wamp.error.invalid_uri"],
    ]);
    expect(unable.take()).toEqual([]);
  });

  test("ends for the callee with its caller, and with CANCEL", async () => {
    const { caller, callee } = await callerAndCallee();
    says(caller, 1);
    caller.says([M.CANCEL, 5, { mode: "killnowait" }]);
    says(caller, 2);
    caller.says([M.CALL, 6, { progress: true }, "a.b"]);
    caller.disconnect();
    expect(callee.take().map(([type, id]) => [type, id])).toEqual([
      [M.INVOCATION, 1],
      [M.INTERRUPT, 1],
      [M.INVOCATION, 2],
      [M.INTERRUPT, 2],
    ]);
  });

  test("is taken from a caller that has not announced it, such as wampy", async () => {
    const { callee, join } = await callerAndCallee();
    const caller = await join();
    says(caller, 1);
    expect([caller.take(), callee.take().length]).toEqual([[], 1]);
  });

  test("has no message after its last one", async () => {
    const { caller } = await callerAndCallee();
    says(caller, 1);
    says(caller, 2, true);
    says(caller, 3, true);
    expect(caller.take().map(([type, , uri]) => [type, uri])).toEqual([
      [M.ABORT, "wamp.error.protocol_violation"],
    ]);
  });

  test("of which a message cannot be sent to the callee ends", async () => {
    const { caller, join } = await callerAndCallee();
    const small = await join({ roles: streaming, maxSendOctets: 512 });
    await ask(small, [M.REGISTER, 1, {}, "a.c"]);
    caller.says([M.CALL, 6, { progress: true }, "a.c"]);
    caller.says([M.CALL, 6, { progress: true }, "a.c", ["x".repeat(600)]]);
    caller.says([M.CALL, 6, {}, "a.c"]);
    expect(caller.take().map(([type, , id, , uri]) => [type, id, uri])).toEqual([
      [M.ERROR, 6, "wamp.error.payload_size_exceeded"],
    ]);
    expect(small.take().map(([type]) => type)).toEqual([M.INVOCATION, M.INTERRUPT]);
  });
});
