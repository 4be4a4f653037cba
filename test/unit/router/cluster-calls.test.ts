/** Registrations and calls of a realm that several routers have. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { type Member, openMember } from "../../support/cluster-harness.ts";
import { away, LoopbackHub } from "../../support/loopback-engine.ts";
import { ask, type JoinedPeer, type JoinOptions } from "../../support/router-harness.ts";

const features = {
  call_canceling: true,
  call_timeout: true,
  progressive_call_invocations: true,
  registration_revocation: true,
  payload_passthru_mode: true,
};
const roles = { callee: { features }, caller: { features } };
const joinOf = (member: Member, options: JoinOptions = {}) => member.join({ roles, ...options });

async function openPair(cluster = {}) {
  const hub = new LoopbackHub();
  const [one, other] = [await openMember(hub, { cluster }), await openMember(hub, { cluster })];
  return { hub, one, other };
}

async function register(peer: JoinedPeer, uri: string, options = {}): Promise<number> {
  const answer = await ask(peer, [M.REGISTER, 1, options, uri]);
  expect(answer[0]).toBe(M.REGISTERED);
  return answer[2] as number;
}

/** A callee of one router, and a caller of the other. */
async function openCall(options = {}) {
  const { hub, one, other } = await openPair();
  const [caller, callee] = [await joinOf(one), await joinOf(other)];
  const registration = await register(callee, "com.add", options);
  return { hub, one, other, caller, callee, registration };
}

/** Answers each invocation with its own name, until the end of the test. */
async function answers(peer: JoinedPeer, name: string): Promise<void> {
  for (;;) {
    const [type, invocation] = await peer.next();
    if (type === M.INVOCATION) peer.says([M.YIELD, invocation, {}, [name]]);
  }
}

let lastCall = 100;

async function call(peer: JoinedPeer, uri: string): Promise<unknown> {
  const answer = await ask(peer, [M.CALL, ++lastCall, {}, uri]);
  return answer[0] === M.RESULT ? (answer[3] as unknown[])[0] : answer[4];
}

describe("a call reaches a callee of another router", () => {
  test("with its payload, and its result comes back", async () => {
    const { caller, callee, registration } = await openCall();
    caller.says([M.CALL, 7, {}, "com.add", [1, 2], { a: "ä" }]);
    const invocation = await callee.next();
    expect(invocation).toEqual([M.INVOCATION, 1, registration, {}, [1, 2], { a: "ä" }]);
    callee.says([M.YIELD, 1, {}, [3], { b: null }]);
    expect(await caller.next()).toEqual([M.RESULT, 7, {}, [3], { b: null }]);
  });

  test("and so does its ERROR", async () => {
    const { caller, callee } = await openCall();
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    callee.says([M.ERROR, M.INVOCATION, 1, {}, "com.error", ["why"], { at: 1 }]);
    const error = [M.ERROR, M.CALL, 7, {}, "com.error", ["why"], { at: 1 }];
    expect(await caller.next()).toEqual(error);
  });

  test("between serializers", async () => {
    const { one, other } = await openPair();
    const caller = await joinOf(one, { serializer: "msgpack" });
    const callee = await joinOf(other, { serializer: "json" });
    await register(callee, "com.add");
    caller.says([M.CALL, 7, {}, "com.add", [new Uint8Array([1, 2])]]);
    expect((await callee.next())[4]).toEqual([new Uint8Array([1, 2])]);
    callee.says([M.YIELD, 1, {}, [new Uint8Array([3, 4])]]);
    expect((await caller.next())[3]).toEqual([new Uint8Array([3, 4])]);
  });

  test("with progressive results, and calls in several messages", async () => {
    const { caller, callee, registration } = await openCall();
    caller.says([M.CALL, 7, { progress: true, receive_progress: true }, "com.add", [1]]);
    const details = { receive_progress: true, progress: true };
    expect(await callee.next()).toEqual([M.INVOCATION, 1, registration, details, [1]]);
    callee.says([M.YIELD, 1, { progress: true }, ["a"]]);
    expect(await caller.next()).toEqual([M.RESULT, 7, { progress: true }, ["a"]]);
    caller.says([M.CALL, 7, {}, "com.add", [2]]);
    expect((await callee.next()).slice(3)).toEqual([{ receive_progress: true }, [2]]);
    callee.says([M.YIELD, 1, {}, ["b"]]);
    expect(await caller.next()).toEqual([M.RESULT, 7, {}, ["b"]]);
  });

  test("with the identity of its caller, and the procedure of a pattern", async () => {
    const { caller, callee } = await openCall({ match: "prefix" });
    caller.says([M.CALL, 7, { disclose_me: true }, "com.add.more"]);
    expect((await callee.next())[3]).toEqual({
      procedure: "com.add.more",
      caller: caller.id,
      caller_authid: expect.any(String),
      caller_authrole: "user",
    });
  });

  test("with payloads that only applications read", async () => {
    const { caller, callee } = await openCall();
    caller.says([M.CALL, 7, { ppt_scheme: "x_a" }, "com.add", [1]]);
    expect((await callee.next())[3]).toEqual({ ppt_scheme: "x_a" });
    callee.says([M.YIELD, 1, { ppt_scheme: "x_a" }, [2]]);
    expect(await caller.next()).toEqual([M.RESULT, 7, { ppt_scheme: "x_a" }, [2]]);
  });

  test.each([
    ["kill", [M.INTERRUPT, 1, { mode: "kill", reason: "wamp.error.canceled" }]],
    ["killnowait", [M.INTERRUPT, 1, { mode: "killnowait", reason: "wamp.error.canceled" }]],
  ])("and is canceled: %s", async (mode, interrupt) => {
    const { caller, callee } = await openCall();
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    caller.says([M.CANCEL, 7, { mode }]);
    const canceled = [M.ERROR, M.CALL, 7, {}, "wamp.error.canceled"];
    if (mode === "killnowait") expect((await caller.next()).slice(0, 5)).toEqual(canceled);
    expect(await callee.next()).toEqual(interrupt);
    callee.says([M.ERROR, M.INVOCATION, 1, {}, "com.canceled"]);
    if (mode === "kill") expect((await caller.next())[4]).toBe("com.canceled");
    // The late answer of the callee had no effect.
    caller.says([M.CALL, 8, {}, "com.add"]);
    callee.says([M.YIELD, (await callee.next())[1], {}, ["next"]]);
    expect(await caller.next()).toEqual([M.RESULT, 8, {}, ["next"]]);
  });

  test("and is canceled: skip, of which the callee is not told", async () => {
    const { caller, callee } = await openCall({ concurrency: 1 });
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    caller.says([M.CANCEL, 7, { mode: "skip" }]);
    expect((await caller.next())[4]).toBe("wamp.error.canceled");
    // Both workers have forgotten the call.
    caller.says([M.CALL, 8, {}, "com.add"]);
    const [type, invocation] = await callee.next();
    expect(type).toBe(M.INVOCATION);
    callee.says([M.YIELD, 1, {}, ["late"]]);
    callee.says([M.YIELD, invocation, {}, ["next"]]);
    expect(await caller.next()).toEqual([M.RESULT, 8, {}, ["next"]]);
  });

  test("whose cancel in mode kill is answered at once where the callee is not told", async () => {
    const { one, other } = await openPair();
    const [caller, callee] = [await joinOf(one), await other.join({ roles: { callee: {} } })];
    await register(callee, "com.add");
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    caller.says([M.CANCEL, 7, { mode: "kill" }]);
    expect((await caller.next())[4]).toBe("wamp.error.canceled");
    expect(callee.take()).toEqual([]);
  });

  test("and takes no longer than its caller says", async () => {
    const { caller, callee } = await openCall();
    caller.says([M.CALL, 7, { timeout: 20 }, "com.add"]);
    await callee.next();
    expect((await caller.next())[4]).toBe("wamp.error.timeout");
    const details = { mode: "killnowait", reason: "wamp.error.timeout" };
    expect(await callee.next()).toEqual([M.INTERRUPT, 1, details]);
  });

  test("which ends it by itself if it asked for that", async () => {
    const { caller, callee } = await openCall({ forward_timeout: true });
    caller.says([M.CALL, 7, { timeout: 5_000 }, "com.add"]);
    expect((await callee.next())[3]).toEqual({ timeout: 5_000 });
  });

  test("and ends when its callee leaves", async () => {
    const { caller, callee } = await openCall();
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    callee.disconnect();
    expect((await caller.next())[4]).toBe("wamp.error.canceled");
    expect(await call(caller, "com.add")).toBe("wamp.error.no_such_procedure");
  });

  test("and is interrupted when its caller leaves", async () => {
    const { caller, callee } = await openCall();
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    caller.disconnect();
    expect((await callee.next())[0]).toBe(M.INTERRUPT);
  });

  test("and ends with an ERROR when its result cannot be sent", async () => {
    const { other, caller, callee } = await openCall();
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    other.engine.isFull = true;
    callee.says([M.YIELD, 1, {}, ["a".repeat(2_000)]]);
    expect((await caller.next()).slice(0, 5)).toEqual([
      M.ERROR,
      M.CALL,
      7,
      {},
      "wamp.error.unavailable",
    ]);
  });

  test("and ends with an ERROR when its answer cannot be read", async () => {
    const { hub, other, caller, callee } = await openCall();
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    const subject = `${hub.published.findLast((one) => one.includes(".w."))}`;
    const to = [...hub.subscriptions].find(
      ({ pattern, engine }) => pattern.includes("w") && engine !== other.engine,
    );
    expect(subject).not.toBe(to?.pattern.join("."));
    // Kind 13 is an answer, of the first call that was sent.
    const answer = encodeMessage([13, "other", 1, M.YIELD, {}, "json", 5], "cbor");
    other.engine.publish(`${to?.pattern.join(".")}`, answer);
    expect((await caller.next())[4]).toBe("wamp.error.internal_error");
  });

  test("though a registration of the table cannot be read", async () => {
    const { hub, other, caller, callee } = await openCall();
    const realm = [...hub.values.keys()][0]?.split(".")[0];
    const bad = JSON.stringify({ uri: "x", callees: [null] });
    await other.engine.put(`${realm}.r.exact.x`, new TextEncoder().encode(bad));
    await register(callee, "com.more");
    void answers(callee, "add");
    expect(await call(caller, "com.more")).toBe("add");
  });

  test("and its answer is refused that is too long for the caller", async () => {
    const { one, other } = await openPair();
    const caller = await joinOf(one, { maxSendOctets: 200 });
    const callee = await joinOf(other);
    await register(callee, "com.add");
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    callee.says([M.YIELD, 1, {}, ["x".repeat(300)]]);
    expect((await caller.next())[4]).toBe("wamp.error.payload_size_exceeded");
  });
});

describe("a registration holds on all routers", () => {
  test("for the same pattern only once, as soon as it is made", async () => {
    const { hub, one, other } = await openPair();
    const [first, second] = [await joinOf(one), await joinOf(other)];
    await register(first, "com.a");
    for (const invoke of ["single", "roundrobin"]) {
      const answer = await ask(second, [M.REGISTER, 1, { invoke }, "com.a"]);
      expect(answer[4]).toBe("wamp.error.procedure_already_exists");
    }
    const [record] = [...hub.values].filter(([key]) => key.startsWith("realm1.r1."));
    expect(JSON.parse(new TextDecoder().decode(record?.[1].value)).callees).toHaveLength(1);
    await register(second, "com.a", { match: "prefix" });
  });

  test("of many that want it at once, one gets it", async () => {
    const hub = new LoopbackHub();
    const members = [await openMember(hub), await openMember(hub), await openMember(hub)];
    const peers = await Promise.all([...members, ...members].map((member) => joinOf(member)));
    const asked = await Promise.all(peers.map((peer) => ask(peer, [M.REGISTER, 1, {}, "com.a"])));
    expect(asked.filter(([type]) => type === M.REGISTERED)).toHaveLength(1);
    const shared = { invoke: "roundrobin" };
    const more = await Promise.all(
      peers.map((peer) => ask(peer, [M.REGISTER, 2, shared, "com.b"])),
    );
    expect(new Set(more.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify([M.REGISTERED, 2, more[0]?.[2]])]),
    );
  });

  test("and is free again when it is unregistered, or its callee has left", async () => {
    const { one, other } = await openPair();
    const [first, second, third] = [await joinOf(one), await joinOf(other), await joinOf(one)];
    const id = await register(first, "com.a");
    expect(await ask(first, [M.UNREGISTER, 2, id])).toEqual([M.UNREGISTERED, 2]);
    expect(await register(second, "com.a")).toBe(id);
    second.disconnect();
    expect(await register(third, "com.a")).toBe(id);
  });

  test("until it is taken by force", async () => {
    const { one, other } = await openPair();
    const [first, second] = [await joinOf(one), await joinOf(other)];
    const registration = await register(first, "com.a");
    await register(second, "com.a", { force_reregister: true });
    const reason = "wamp.error.unregistered";
    expect(await first.next()).toEqual([M.UNREGISTERED, 0, { registration, reason }]);
    void answers(second, "second");
    expect(await call(await joinOf(one), "com.a")).toBe("second");
  });

  test("also by force from callees that share it", async () => {
    const { one, other } = await openPair();
    const [first, second] = [await joinOf(one), await joinOf(other)];
    await register(first, "com.a", { invoke: "roundrobin" });
    await register(second, "com.a", { invoke: "roundrobin", force_reregister: true });
    expect((await first.next())[0]).toBe(M.UNREGISTERED);
    void answers(second, "second");
    const caller = await joinOf(one);
    for (let n = 0; n < 3; n++) expect(await call(caller, "com.a")).toBe("second");
  });

  test("also by force from itself, with another policy", async () => {
    const { one, other } = await openPair();
    const callee = await joinOf(one);
    await register(callee, "com.a");
    const again = { invoke: "roundrobin", force_reregister: true };
    expect((await ask(callee, [M.REGISTER, 2, again, "com.a"]))[0]).toBe(M.UNREGISTERED);
    expect((await callee.next())[0]).toBe(M.REGISTERED);
    void answers(callee, "again");
    for (let n = 0; n < 3; n++) await one.engine.flush();
    expect(await call(await joinOf(other), "com.a")).toBe("again");
  });

  test("and one that is refused another policy keeps what it has", async () => {
    const { one, other } = await openPair();
    const callee = await joinOf(one);
    await register(callee, "com.a", { invoke: "first" });
    const answer = await ask(callee, [M.REGISTER, 2, { invoke: "last" }, "com.a"]);
    expect(answer[4]).toBe("wamp.error.procedure_exists_with_different_invocation_policy");
    void answers(callee, "first");
    expect(await call(await joinOf(other), "com.a")).toBe("first");
  });

  test("and one that was refused it while it could not look does not get it later", async () => {
    const { one, other } = await openPair();
    const [first, second] = [await joinOf(one), await joinOf(other)];
    const id = await register(first, "com.a");
    const { put } = other.engine;
    other.engine.put = () => Promise.reject(away());
    expect((await ask(second, [M.REGISTER, 2, {}, "com.a"]))[4]).toBe("wamp.error.unavailable");
    other.engine.put = put;
    expect(await ask(first, [M.UNREGISTER, 2, id])).toEqual([M.UNREGISTERED, 2]);
    expect(await call(second, "com.none")).toBe("wamp.error.no_such_procedure");
    await other.engine.flush();
    await register(first, "com.a");
  });

  test("and the procedure that it does not have yet is looked for once more", async () => {
    const { one, other } = await openPair();
    const [caller, callee] = [await joinOf(one), await joinOf(other)];
    void answers(callee, "there");
    callee.says([M.REGISTER, 1, {}, "com.a"]);
    expect(await call(caller, "com.none")).toBe("wamp.error.no_such_procedure");
    expect(await call(caller, "com.a")).toBe("there");
  });
});

describe("invocation policies hold over all routers", () => {
  /** Callees a, b and c, which registered in this order, on three routers, and a caller on each. */
  async function openPolicy(invoke: string, cluster = {}, options = {}) {
    const hub = new LoopbackHub();
    const members: Member[] = [];
    const callees: JoinedPeer[] = [];
    for (const name of ["a", "b", "c"]) {
      const member = await openMember(hub, { cluster });
      const callee = await joinOf(member);
      await register(callee, "com.p", { invoke, ...options });
      members.push(member);
      callees.push(callee);
      if (Object.keys(options).length === 0) void answers(callee, name);
    }
    const callers = [];
    for (const member of members) callers.push(await joinOf(member));
    for (const member of members) await member.engine.flush();
    return { members, callees, callers };
  }

  test.each([
    ["first", "a"],
    ["last", "c"],
  ])("%s", async (invoke, name) => {
    const { callers } = await openPolicy(invoke);
    for (const caller of callers) expect(await call(caller, "com.p")).toBe(name);
  });

  test("roundrobin, in turn for callers of all routers", async () => {
    const { callers } = await openPolicy("roundrobin");
    const answered = [];
    for (let n = 0; n < 9; n++) {
      answered.push(await call(callers[(n * 2) % 3] as JoinedPeer, "com.p"));
    }
    expect(answered.join("")).toBe("abcabcabc");
  });

  test("random reaches all", async () => {
    const { callers } = await openPolicy("random");
    const answered = new Set();
    for (let n = 0; n < 60; n++) answered.add(await call(callers[0] as JoinedPeer, "com.p"));
    expect(answered).toEqual(new Set(["a", "b", "c"]));
  });

  test("prefer_local takes a callee of the same router", async () => {
    const { callers } = await openPolicy("random", { prefer_local: true });
    for (let n = 0; n < 10; n++) {
      expect(await call(callers[1] as JoinedPeer, "com.p")).toBe("b");
    }
    const turned = await openPolicy("roundrobin", { prefer_local: true });
    for (let n = 0; n < 3; n++) {
      expect(await call(turned.callers[2] as JoinedPeer, "com.p")).toBe("c");
    }
  });

  test("least_loaded counts the calls of all routers, and concurrency limits them", async () => {
    const { callers, callees } = await openPolicy("least_loaded", {}, { concurrency: 1 });
    for (const [index, caller] of callers.entries()) {
      caller.says([M.CALL, 500 + index, {}, "com.p"]);
    }
    for (const callee of callees) expect((await callee.next())[0]).toBe(M.INVOCATION);
    const full = "crossbar.error.max_concurrency_reached";
    for (const caller of callers) expect(await call(caller, "com.p")).toBe(full);
  });
});

describe("when a router is lost", () => {
  test("its callees are gone, and calls to them end", async () => {
    const { hub, one, other, caller, callee } = await openCall();
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    await Bun.sleep(0);
    other.engine.cut();
    await expireAfterGrace(hub, one, other);
    expect((await caller.next())[4]).toBe("wamp.error.canceled");
    expect(await call(caller, "com.add")).toBe("wamp.error.no_such_procedure");
    const successor = await joinOf(one);
    await register(successor, "com.add");
  }, 10_000);

  test("calls to others end at once where it is apart, and its own callees are called", async () => {
    const { one, other, caller, callee } = await openCall();
    const own = await joinOf(one);
    await register(own, "com.own");
    void answers(own, "own");
    caller.says([M.CALL, 7, {}, "com.add"]);
    await callee.next();
    one.engine.cut();
    expect((await caller.next())[4]).toBe("wamp.error.canceled");
    expect(await call(caller, "com.add")).toBe("wamp.error.unavailable");
    expect(await call(caller, "com.own")).toBe("own");
    const answer = await ask(own, [M.REGISTER, 9, {}, "com.more"]);
    expect(answer[4]).toBe("wamp.error.unavailable");
    one.engine.mend();
    expect((await callee.next())[0]).toBe(M.INTERRUPT);
    void answers(callee, "add");
    await one.engine.flush();
    await one.engine.flush();
    expect(await call(caller, "com.add")).toBe("add");
    expect(await call(await joinOf(other), "com.own")).toBe("own");
  });

  test("a registration that two have made of it is that of the one in the table", async () => {
    const { hub, one, other } = await openPair();
    const [first, second] = [await joinOf(one), await joinOf(other)];
    const registration = await register(first, "com.a");
    one.engine.cut();
    await expireAfterGrace(hub, other, one);
    await register(second, "com.a");
    one.engine.mend();
    const reason = "wamp.error.unregistered";
    expect(await first.next()).toEqual([M.UNREGISTERED, 0, { registration, reason }]);
    void answers(second, "second");
    expect(await call(first, "com.a")).toBe("second");
  }, 10_000);

  test("and comes back, its callees are there again, once", async () => {
    const { hub, one, other, caller, callee } = await openCall();
    void answers(callee, "add");
    other.engine.cut();
    await expireAfterGrace(hub, one, other);
    expect(await call(caller, "com.add")).toBe("wamp.error.no_such_procedure");
    other.engine.mend();
    for (let n = 0; n < 4; n++) await other.engine.flush();
    expect(await call(caller, "com.add")).toBe("add");
    const answer = await ask(caller, [M.REGISTER, 9, {}, "com.add"]);
    expect(answer[4]).toBe("wamp.error.procedure_already_exists");
  }, 10_000);
});

/** What a lost router keeps ends: so soon after the start it might not have been able to stay present. */
async function expireAfterGrace(hub: LoopbackHub, left: Member, lost: Member): Promise<void> {
  hub.expire(lost.engine);
  await Bun.sleep(2_050);
  await left.engine.flush();
}
