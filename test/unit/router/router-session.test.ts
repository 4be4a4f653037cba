import { afterEach, describe, expect, jest, test } from "bun:test";
import type { PermissionConfig, RealmConfig } from "#config/realm/realm-config.ts";
import type { LogFields } from "#observe/logger.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { RealmTable } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { FakePeer, type FakePeerOptions } from "../../support/fake-peer.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { keptLog } from "../../support/kept-log.ts";
import { noAuthenticators } from "../../support/no-authenticators.ts";
import { everything, openRouter } from "../../support/router-harness.ts";

const quiet = { error() {}, warn() {}, info() {}, debug() {} };
const all = { call: true, register: true, publish: true, subscribe: true };
const none = { call: false, register: false, publish: false, subscribe: false };
const discreet = { caller: false, publisher: false };
const permissions: PermissionConfig[] = [
  { uri: "", match: "prefix", allow: all, disclose: discreet },
  { uri: "secret.", match: "prefix", allow: none, disclose: discreet },
  { uri: "open.", match: "prefix", allow: all, disclose: { caller: true, publisher: true } },
];
const roles = {
  caller: { features: {} },
  callee: { features: { call_canceling: true, progressive_call_results: true } },
  publisher: {},
  subscriber: {},
};

let realms = freshRealms();
afterEach(() => {
  realms = freshRealms();
});

function freshRealms() {
  return new RealmTable([{ name: "realm1", roles: [{ name: "anonymous", permissions }] }], quiet);
}

function connect(options: FakePeerOptions = {}, role = "anonymous", maxAgeMs?: number) {
  const peer = new FakePeer(options);
  const auth = { anonymous: { type: "static", role } } as const;
  const limits = { ...noAuthenticators, maxBufferedOctets: 1000 };
  const session = new RouterSession(peer, auth, realms, {
    log: quiet,
    counts: new SessionCounts(),
    onEnd() {},
    maxAgeMs,
    ...limits,
  });
  peer.attach(session);
  return Object.assign(peer, { session });
}

function openRealm(list: RealmConfig["roles"]): void {
  realms = new RealmTable([{ name: "realm1", roles: list }], quiet);
}

async function join(options: FakePeerOptions = {}, announced: object = roles, role = "anonymous") {
  const peer = connect(options, role);
  peer.says([M.HELLO, "realm1", { roles: announced }]);
  const welcome = await peer.next();
  expect(welcome[0]).toBe(M.WELCOME);
  return Object.assign(peer, { id: welcome[1] as number });
}

async function ask(peer: FakePeer, message: unknown[]): Promise<unknown[]> {
  peer.says(message);
  return peer.next();
}

async function register(peer: FakePeer, procedure: string, options = {}): Promise<number> {
  const answer = await ask(peer, [M.REGISTER, 7, options, procedure]);
  expect(answer.slice(0, 2)).toEqual([M.REGISTERED, 7]);
  return answer[2] as number;
}

async function subscribe(peer: FakePeer, topic: string, options = {}): Promise<number> {
  const answer = await ask(peer, [M.SUBSCRIBE, 8, options, topic]);
  expect(answer.slice(0, 2)).toEqual([M.SUBSCRIBED, 8]);
  return answer[2] as number;
}

describe("joining", () => {
  test("welcomes with the identity and the roles of the router", async () => {
    const peer = connect();
    peer.says([M.HELLO, "realm1", { roles }]);
    const [type, , details] = await peer.next();
    expect(type).toBe(M.WELCOME);
    expect(details).toMatchObject({
      realm: "realm1",
      authrole: "anonymous",
      authmethod: "anonymous",
      roles: { broker: { features: {} }, dealer: { features: { call_canceling: true } } },
    });
  });

  test("aborts for a realm and for a role that do not exist", async () => {
    const peer = connect();
    expect((await ask(peer, [M.HELLO, "nowhere", { roles }]))[2]).toBe("wamp.error.no_such_realm");
    const other = connect({}, "nobody");
    expect((await ask(other, [M.HELLO, "realm1", { roles }]))[2]).toBe("wamp.error.no_such_role");
    expect(other.closed?.code).toBe(1000);
  });

  test("lets in the roles that Crossbar has on every realm: anonymous without rights", async () => {
    openRealm([]);
    const peer = await join();
    for (const [type, name] of [
      [M.PUBLISH, "a.b"],
      [M.SUBSCRIBE, "a.b"],
      [M.CALL, "wamp.session.count"],
      [M.REGISTER, "a.b"],
    ]) {
      const answer = await ask(peer, [type, 1, { acknowledge: true }, name]);
      expect([answer[0], answer[4]]).toEqual([M.ERROR, "wamp.error.not_authorized"]);
    }
  });

  test("lets in trusted with all rights, and shows who calls, as Crossbar does", async () => {
    openRealm([]);
    const peer = await join({}, roles, "trusted");
    await register(peer, "a.b");
    peer.says([M.CALL, 1, {}, "a.b"]);
    expect(await peer.next()).toMatchObject([
      M.INVOCATION,
      1,
      expect.any(Number),
      { caller: peer.id },
    ]);
  });

  test("lets nobody in with more than the realm gives to these roles", async () => {
    openRealm([{ name: "trusted", permissions: [] }]);
    const answer = await ask(await join({}, roles, "trusted"), [M.SUBSCRIBE, 1, {}, "a.b"]);
    expect(answer[4]).toBe("wamp.error.not_authorized");
  });

  test.each([
    ["a message before HELLO", [M.SUBSCRIBE, 1, {}, "a.b"]],
    ["AUTHENTICATE before CHALLENGE", [M.AUTHENTICATE, "", {}]],
    ["no type", ["x"]],
    ["a type that is a float", '[1.0,"realm1",{"roles":{"caller":{}}}]'],
    ["GOODBYE before HELLO", [M.GOODBYE, {}, "wamp.close.close_realm"]],
    ["HELLO without roles", [M.HELLO, "realm1", {}]],
    ["HELLO with an empty set of roles", [M.HELLO, "realm1", { roles: {} }]],
  ])("refuses %s", async (_name, message) => {
    const peer = connect();
    if (typeof message === "string") peer.saysOctets(message);
    else peer.says(message);
    expect((await peer.next())[2]).toBe("wamp.error.protocol_violation");
    expect(peer.closed?.code).toBe(1002);
  });

  test.each([
    ["a second HELLO", [M.HELLO, "realm1", { roles }]],
    ["an unknown type", [99, 1]],
    ["a message of the router's", [M.EVENT, 1, 1, {}]],
    ["an id that is none", [M.CALL, "1", {}, "a.b"]],
    ["options that are no map", [M.CALL, 1, [], "a.b"]],
    ["arguments that are no list", [M.CALL, 1, {}, "a.b", 5]],
    ["a message that stops early", [M.CALL, 1]],
  ])("ends only the session that says %s", async (_name, message) => {
    const bystander = await join();
    const peer = await join();
    const answer = await ask(peer, message);
    expect([answer[0], answer[2]]).toEqual([M.ABORT, "wamp.error.protocol_violation"]);
    expect(peer.closed?.code).toBe(1002);
    expect(bystander.closed).toBeUndefined();
    expect(realms.get("realm1")?.size).toBe(1);
  });

  test("ends the session that sends what is not its serializer", async () => {
    const peer = await join();
    peer.saysOctets("[48,1");
    expect((await peer.next())[2]).toBe("wamp.error.protocol_violation");
  });

  test("closes alone where the client would stay away after an ABORT", async () => {
    const peer = connect();
    peer.says([M.HELLO, "realm1", { roles, agent: "Jawampa-0.5" }]);
    expect((await peer.next())[0]).toBe(M.WELCOME);
    peer.saysOctets('[48,"');
    expect(peer.sent).toEqual([]);
    expect(peer.closed?.code).toBe(1002);
    expect(peer.closed?.reason).toStartWith("Cannot read a json message: ");
    expect(realms.get("realm1")?.size).toBe(0);
    const violating = connect();
    violating.says([M.HELLO, "realm1", { roles, agent: "Jawampa-0.5" }]);
    await violating.next();
    expect((await ask(violating, [M.CALL, null, {}, "a.b"]))[0]).toBe(M.ABORT);
  });

  test("answers GOODBYE and takes another HELLO on the same connection", async () => {
    const peer = await join();
    expect(await ask(peer, [M.GOODBYE, {}, "wamp.close.normal"])).toEqual([
      M.GOODBYE,
      {},
      "wamp.close.goodbye_and_out",
    ]);
    expect(realms.get("realm1")?.size).toBe(0);
    expect((await ask(peer, [M.HELLO, "realm1", { roles }]))[0]).toBe(M.WELCOME);
  });

  test.each([
    ["a second GOODBYE", [M.GOODBYE, {}, "wamp.close.normal"]],
    ["a request", [M.SUBSCRIBE, 1, {}, "a.b"]],
    ["AUTHENTICATE", [M.AUTHENTICATE, "", {}]],
    ["a message of the router's", [M.EVENT, 1, 1, {}]],
    ["what is no message", "{"],
  ])("drops %s behind GOODBYE, as late", async (_name, message) => {
    const peer = await join();
    peer.says([M.GOODBYE, {}, "wamp.close.normal"]);
    await peer.next();
    if (typeof message === "string") peer.saysOctets(message);
    else peer.says(message);
    expect([peer.sent, peer.closed]).toEqual([[], undefined]);
    expect((await ask(peer, [M.HELLO, "realm1", { roles }]))[0]).toBe(M.WELCOME);
  });

  test("counts what comes behind its end, and says how many messages in the debug log", async () => {
    const { log, logged } = keptLog("debug");
    const router = openRouter([{ name: "r", permissions: [everything] }], log);
    const peer = await router.join();
    peer.says([M.GOODBYE, {}, "wamp.close.normal"]);
    peer.says([M.GOODBYE, {}, "wamp.close.normal"]);
    peer.says([M.ABORT, {}, "wamp.error.abort"]);
    peer.says([M.CALL, 1, {}, "a.b"]);
    peer.disconnect();
    expect(logged.at(-1)).toEqual(["peer closed", expect.objectContaining({ late: 2 })]);
  });

  test.each([
    ["wamp.close.logout", 1],
    ["wamp.close.normal", 0],
  ])("forgets the login of the cookie at GOODBYE %s: %d", async (reason, times) => {
    let forgotten = 0;
    const cookie = { recall: () => undefined, remember() {}, forget: () => void forgotten++ };
    const peer = new FakePeer();
    Object.assign(peer.details, { cookie });
    const auth = { anonymous: { type: "static", role: "anonymous" }, cookie: {} } as const;
    peer.attach(
      new RouterSession(peer, auth, realms, {
        ...noAuthenticators,
        log: quiet,
        counts: new SessionCounts(),
        onEnd() {},
      }),
    );
    await ask(peer, [M.HELLO, "realm1", { roles }]);
    await ask(peer, [M.GOODBYE, {}, reason]);
    expect(forgotten).toBe(times);
  });

  test("ends the connection at an ABORT behind GOODBYE", async () => {
    const peer = await join();
    peer.says([M.GOODBYE, {}, "wamp.close.normal"]);
    peer.says([M.ABORT, {}, "wamp.error.abort"]);
    expect(peer.closed?.code).toBe(1000);
  });

  test("answers Autobahn for Python, which would join again, with wamp.close.normal", async () => {
    const peer = await join({}, { caller: { features: { payload_encryption_cryptobox: true } } });
    expect((await ask(peer, [M.GOODBYE, {}, "wamp.close.logout"]))[2]).toBe("wamp.close.normal");
  });

  test("closes without GOODBYE at a shutdown, where the client would not reconnect after one", async () => {
    const peer = connect();
    peer.says([M.HELLO, "realm1", { roles, agent: "Jawampa-0.5" }]);
    expect((await peer.next())[0]).toBe(M.WELCOME);
    peer.session.shutdown();
    expect(peer.sent).toEqual([]);
    expect(peer.closed?.code).toBe(1001);
  });

  test("is told GOODBYE at a shutdown", async () => {
    const peer = await join({ serializer: "cbor" });
    peer.session.shutdown();
    expect(await peer.next()).toEqual([M.GOODBYE, {}, "wamp.close.system_shutdown"]);
    expect(peer.closed?.code).toBe(1001);
  });
});

describe("a client with a session that is to end", () => {
  const GOODBYE = [M.GOODBYE, {}, "wamp.close.system_shutdown"];

  /** A caller, and its callee, which has got the call. */
  async function calling() {
    const [caller, callee] = [await join(), await join()];
    await register(callee, "x.slow");
    caller.says([M.CALL, 1, {}, "x.slow"]);
    const [, invocation] = await callee.next();
    return { caller, callee, invocation };
  }

  test("is told GOODBYE when it has made no call for a while", async () => {
    const peer = await join();
    const pass = fakeTime();
    peer.session.retire("shutdown", 60_000);
    pass(2000);
    expect(peer.take()).toEqual([GOODBYE]);
    expect(peer.closed?.code).toBe(1001);
  });

  test("is told behind the answer to its call, or to the call that it performs", async () => {
    const { caller, callee, invocation } = await calling();
    for (const { session } of [caller, callee]) session.retire("shutdown", 60_000);
    callee.says([M.YIELD, invocation, {}, ["done"]]);
    expect(await caller.next()).toEqual([M.RESULT, 1, {}, ["done"]]);
    expect(await caller.next()).toEqual(GOODBYE);
    expect(await callee.next()).toEqual(GOODBYE);
  });

  test("has new calls refused in the last quarter of its time, and then ends", async () => {
    const { caller } = await calling();
    const pass = fakeTime();
    caller.session.retire("shutdown", 1000);
    pass(749);
    expect((await ask(caller, [M.CALL, 2, {}, "wamp.session.count"]))[0]).toBe(M.RESULT);
    pass(1);
    expect(await ask(caller, [M.CALL, 3, {}, "wamp.session.count"])).toEqual([
      M.ERROR,
      M.CALL,
      3,
      {},
      "wamp.error.unavailable",
      ["Cannot call: this session is about to end"],
    ]);
    pass(250);
    expect(caller.take()).toEqual([GOODBYE]);
  });

  test("is told because its connection is old, once it has joined", async () => {
    const pass = fakeTime();
    const peer = connect({}, "anonymous", 1000);
    pass(1100);
    expect(peer.take()).toEqual([]);
    peer.says([M.HELLO, "realm1", { roles }]);
    expect((await peer.next())[0]).toBe(M.WELCOME);
    pass(1000);
    pass(2000);
    expect(peer.take()).toEqual([[M.GOODBYE, {}, "crossproxy.close.connection_age"]]);
  });

  test("is not told where it has left before, and joined again", async () => {
    const peer = await join();
    const pass = fakeTime();
    peer.session.retire("shutdown", 1000);
    expect((await ask(peer, [M.GOODBYE, {}, "wamp.close.normal"]))[0]).toBe(M.GOODBYE);
    expect((await ask(peer, [M.HELLO, "realm1", { roles }]))[0]).toBe(M.WELCOME);
    pass(1000);
    expect(peer.take()).toEqual([]);
  });

  test("is not waited for where its connection is gone", async () => {
    fakeTime();
    const timers = jest.getTimerCount();
    const peer = connect({}, "anonymous", 1000);
    expect(jest.getTimerCount()).toBe(timers + 1);
    peer.disconnect();
    expect(jest.getTimerCount()).toBe(timers);
  });
});

describe("publish and subscribe", () => {
  test("carries an event to every serializer, and not to its publisher", async () => {
    const publisher = await join();
    const subscribers = [
      await join(),
      await join({ serializer: "msgpack" }),
      await join({ serializer: "cbor" }),
    ];
    const id = await subscribe(publisher, "a.b");
    for (const peer of subscribers) expect(await subscribe(peer, "a.b")).toBe(id);
    const answer = await ask(publisher, [
      M.PUBLISH,
      1,
      { acknowledge: true },
      "a.b",
      ["é", 1.5, null],
      { k: [true] },
    ]);
    expect(answer.slice(0, 2)).toEqual([M.PUBLISHED, 1]);
    expect(publisher.sent).toEqual([]);
    for (const peer of subscribers) {
      expect(peer.take()).toEqual([[M.EVENT, id, answer[2], {}, ["é", 1.5, null], { k: [true] }]]);
    }
  });

  test("keeps 1.0 a float and 2^60 an integer", async () => {
    const publisher = await join();
    const json = await join();
    const cbor = await join({ serializer: "cbor" });
    await subscribe(json, "a.b");
    await subscribe(cbor, "a.b");
    publisher.saysOctets('[16,1,{},"a.b",[1.0,1152921504606846976]]');
    expect(String(json.wire.at(-1))).toEndWith("[1.0,1152921504606846976]]");
    const octets = Buffer.from(cbor.wire.at(-1) as Uint8Array).toString("hex");
    expect(octets).toMatch(/82(f93c00|fa3f800000|fb3ff0000000000000)1b1000000000000000$/);
  });

  test("names the topic in events of a pattern", async () => {
    const publisher = await join();
    const peer = await join();
    await subscribe(peer, "a.", { match: "prefix" });
    await subscribe(peer, "a..c", { match: "wildcard" });
    publisher.says([M.PUBLISH, 1, {}, "a.b.c"]);
    expect(peer.take().map((event) => event[3])).toEqual([{ topic: "a.b.c" }, { topic: "a.b.c" }]);
  });

  test("honours exclude_me, exclude and eligible", async () => {
    const publisher = await join();
    const one = await join();
    const two = await join();
    for (const peer of [publisher, one, two]) await subscribe(peer, "a.b");
    const publish = (options: object) => {
      publisher.says([M.PUBLISH, 1, options, "a.b"]);
      return [publisher, one, two].map((peer) => peer.take().length);
    };
    expect(publish({ exclude_me: false })).toEqual([1, 1, 1]);
    expect(publish({ exclude: [one.id] })).toEqual([0, 0, 1]);
    expect(publish({ eligible: [one.id] })).toEqual([0, 1, 0]);
    expect(publish({ eligible_authrole: ["other"] })).toEqual([0, 0, 0]);
    expect(publish({ exclude_authrole: ["anonymous"] })).toEqual([0, 0, 0]);
  });

  test("refuses receivers that are no list, and sends no event", async () => {
    const [publisher, subscriber] = [await join(), await join()];
    await subscribe(subscriber, "a.b");
    for (const options of [{ exclude: 7 }, { eligible_authid: "joe" }]) {
      const answer = await ask(publisher, [M.PUBLISH, 1, { acknowledge: true, ...options }, "a.b"]);
      expect(answer[4]).toBe("wamp.error.invalid_argument");
    }
    expect(subscriber.take()).toEqual([]);
  });

  test("is told PUBLISHED before its own event, as in Crossbar", async () => {
    const peer = await join();
    await ask(peer, [M.SUBSCRIBE, 1, {}, "a.b"]);
    peer.says([M.PUBLISH, 2, { acknowledge: true, exclude_me: false }, "a.b"]);
    expect(peer.take().map(([type]) => type)).toEqual([M.PUBLISHED, M.EVENT]);
  });

  test("names the publisher when it, or its role, wants that", async () => {
    const publisher = await join();
    const peer = await join();
    await subscribe(peer, "", { match: "prefix" });
    peer.take();
    publisher.says([M.PUBLISH, 1, {}, "a.b"]);
    publisher.says([M.PUBLISH, 2, { disclose_me: true }, "a.b"]);
    publisher.says([M.PUBLISH, 3, {}, "open.b"]);
    const seen = peer.take().map((event) => (event[3] as { publisher?: number }).publisher);
    expect(seen).toEqual([undefined, publisher.id, publisher.id]);
  });

  test("refuses what is not permitted, loudly only when asked to acknowledge", async () => {
    const peer = await join();
    const listener = await join();
    await subscribe(listener, "", { match: "prefix" });
    listener.take();
    peer.says([M.PUBLISH, 1, {}, "secret.b"]);
    expect(peer.take()).toEqual([]);
    for (const [topic, uri] of [
      ["secret.b", "wamp.error.not_authorized"],
      ["wamp.b", "wamp.error.invalid_uri"],
      ["a..b", "wamp.error.invalid_uri"],
    ]) {
      const answer = await ask(peer, [M.PUBLISH, 2, { acknowledge: true }, topic]);
      expect(answer.slice(0, 5)).toEqual([M.ERROR, M.PUBLISH, 2, {}, uri]);
    }
    expect(listener.sent).toEqual([]);
    expect((await ask(peer, [M.SUBSCRIBE, 3, {}, "secret.b"]))[4]).toBe(
      "wamp.error.not_authorized",
    );
    expect((await ask(peer, [M.UNSUBSCRIBE, 4, 12345]))[4]).toBe("wamp.error.no_such_subscription");
  });

  test("ends subscriptions on UNSUBSCRIBE and when the session goes", async () => {
    const publisher = await join();
    const one = await join();
    const two = await join();
    const id = await subscribe(one, "a.b");
    await subscribe(two, "a.b");
    expect(await ask(one, [M.UNSUBSCRIBE, 9, id])).toEqual([M.UNSUBSCRIBED, 9]);
    const cbor = await join({ serializer: "cbor" });
    const again = await subscribe(cbor, "a.b");
    expect(await ask(cbor, [M.UNSUBSCRIBE, 9, again])).toEqual([M.UNSUBSCRIBED, 9]);
    two.disconnect();
    publisher.says([M.PUBLISH, 1, { acknowledge: true }, "a.b"]);
    expect([one.take(), two.take()]).toEqual([[], []]);
  });

  test("leaves an event out for the one subscriber that cannot be told it", async () => {
    const publisher = await join();
    const json = await join();
    const msgpack = await join({ serializer: "msgpack" });
    for (const peer of [json, msgpack]) await subscribe(peer, "a.b");
    publisher.saysOctets('[16,1,{},"a.b",[123456789012345678901234567890]]');
    expect(json.take()).toHaveLength(1);
    expect(msgpack.take()).toEqual([]);
    expect(msgpack.closed).toBeUndefined();
  });

  test("leaves an event out for the one subscriber that takes no such length", async () => {
    const publisher = await join();
    const small = await join({ maxSendOctets: 800 });
    const large = await join();
    for (const peer of [small, large]) await subscribe(peer, "a.b");
    publisher.says([M.PUBLISH, 1, {}, "a.b", ["x".repeat(900)]]);
    expect([small.take().length, large.take().length]).toEqual([0, 1]);
  });

  test("cuts off a subscriber that does not keep up, and no other", async () => {
    const publisher = await join();
    const slow = await join();
    const good = await join();
    for (const peer of [slow, good]) await subscribe(peer, "a.b");
    slow.takes = false;
    for (let i = 1; i <= 3; i += 1) publisher.says([M.PUBLISH, i, {}, "a.b", ["x".repeat(600)]]);
    await Promise.resolve();
    expect(slow.closed).toEqual({ code: 1008, reason: "crossproxy.close.client_stalled" });
    expect(slow.take()).toHaveLength(2);
    expect(good.take()).toHaveLength(3);
    expect(realms.get("realm1")?.size).toBe(2);
  });

  test("cuts off many subscribers, each made too slow by the end of another, within no call", async () => {
    const publisher = await join();
    const slow = await Promise.all(Array.from({ length: 3 }, () => join()));
    let isWithinCall = true;
    const within: boolean[] = [];
    for (const peer of slow) {
      for (const topic of ["a.b", "wamp.session.on_leave"]) await subscribe(peer, topic);
      peer.takes = false;
      peer.bufferedOctets = 980;
      peer.close = () => void within.push(isWithinCall);
    }
    publisher.says([M.PUBLISH, 1, {}, "a.b", ["x"]]);
    isWithinCall = false;
    while (within.length < 3) await Promise.resolve();
    expect(within).toEqual([false, false, false]);
    expect(realms.get("realm1")?.size).toBe(1);
  });
});

describe("a proxied subscriber that does not keep up", () => {
  const stalled = "crossproxy.close.client_stalled";

  /** A connection of a proxy that was sent GOODBYE because its client does not read. */
  async function leftProxy() {
    const logged: [message: string, fields: LogFields | undefined][] = [];
    const log = {
      ...quiet,
      warn: (...line: [string, LogFields?]) => void logged.push([line[0], line[1]]),
    };
    const peer = new FakePeer();
    const options = {
      ...noAuthenticators,
      log,
      counts: new SessionCounts(),
      onEnd() {},
      maxBufferedOctets: 1000,
    };
    const auth = { "anonymous-proxy": { type: "static" } } as const;
    peer.attach(new RouterSession(peer, auth, realms, options));
    const proxied = { proxy_authid: "joe", proxy_authrole: "anonymous", proxy_realm: "realm1" };
    const authextra = { ...proxied, transport: {} };
    peer.says([M.HELLO, "realm1", { roles, authmethods: ["anonymous-proxy"], authextra }]);
    const [type, id] = await peer.next();
    expect(type).toBe(M.WELCOME);
    await subscribe(peer, "a.b");
    const publisher = await join();
    peer.takes = false;
    const event = ["x".repeat(600)];
    for (let i = 1; i <= 3; i += 1) publisher.says([M.PUBLISH, i, {}, "a.b", event]);
    return { peer, id, logged };
  }

  test("is sent GOODBYE with the reason behind all that waits, for its proxy to close", async () => {
    const { peer, id, logged } = await leftProxy();
    const [one, two, last, ...more] = peer.take();
    expect([one?.[0], two?.[0], more]).toEqual([M.EVENT, M.EVENT, []]);
    expect(last).toEqual([M.GOODBYE, { message: expect.any(String) }, stalled]);
    expect(peer.closed).toBeUndefined();
    expect(realms.get("realm1")?.size).toBe(1);
    expect(logged).toMatchObject([
      ["slow client cut off", { session: id, realm: "realm1", authid: "joe" }],
    ]);
    peer.says([M.GOODBYE, {}, stalled]);
    expect(peer.take()).toEqual([]);
  });

  test("is closed when its proxy takes too little for a minute", async () => {
    const pass = fakeTime();
    const { peer } = await leftProxy();
    peer.bufferedOctets = 2_000_000;
    pass(60_000);
    expect(peer.closed).toEqual({ code: 1008, reason: stalled });
  });

  test("stays as long as its proxy takes something", async () => {
    const pass = fakeTime();
    const { peer } = await leftProxy();
    peer.bufferedOctets = 0;
    pass(59_000);
    expect(peer.closed).toBeUndefined();
    peer.disconnect();
    pass(120_000);
    expect(peer.closed).toBeUndefined();
  });
});

describe("calls", () => {
  test("carries a call and its result between serializers", async () => {
    const caller = await join({ serializer: "msgpack" });
    const callee = await join({ serializer: "cbor" });
    const id = await register(callee, "a.add");
    caller.says([M.CALL, 5, {}, "a.add", [2, 3], { k: "v" }]);
    expect(await callee.next()).toEqual([M.INVOCATION, 1, id, {}, [2, 3], { k: "v" }]);
    callee.says([M.YIELD, 1, {}, [5]]);
    expect(await caller.next()).toEqual([M.RESULT, 5, {}, [5]]);
    caller.says([M.CALL, 6, {}, "a.add"]);
    expect(await callee.next()).toEqual([M.INVOCATION, 2, id, {}]);
    callee.says([M.ERROR, M.INVOCATION, 2, {}, "a.error", ["no"], { why: 1 }]);
    expect(await caller.next()).toEqual([M.ERROR, M.CALL, 6, {}, "a.error", ["no"], { why: 1 }]);
  });

  test("answers what cannot be called or registered with its URI", async () => {
    const peer = await join();
    const callee = await join();
    await register(callee, "a.b");
    const uriOf = async (message: unknown[]) => (await ask(peer, message))[4];
    expect(await uriOf([M.CALL, 1, {}, "a.c"])).toBe("wamp.error.no_such_procedure");
    expect(await uriOf([M.CALL, 1, {}, "secret.c"])).toBe("wamp.error.not_authorized");
    expect(await uriOf([M.CALL, 1, {}, "a b"])).toBe("wamp.error.invalid_uri");
    expect(await uriOf([M.REGISTER, 1, {}, "a.b"])).toBe("wamp.error.procedure_already_exists");
    expect(await uriOf([M.REGISTER, 1, {}, "wamp.b"])).toBe("wamp.error.invalid_uri");
    expect(await uriOf([M.UNREGISTER, 1, 99])).toBe("wamp.error.no_such_registration");
  });

  test("prefers the exact procedure, then the pattern, and names the procedure to a pattern", async () => {
    const caller = await join();
    const exact = await join();
    const prefix = await join();
    const id = await register(exact, "a.b");
    await register(prefix, "a.", { match: "prefix" });
    caller.says([M.CALL, 1, {}, "a.b"]);
    caller.says([M.CALL, 2, {}, "a.c"]);
    expect((await exact.next())[3]).toEqual({});
    expect((await prefix.next())[3]).toEqual({ procedure: "a.c" });
    expect(await ask(exact, [M.UNREGISTER, 3, id])).toEqual([M.UNREGISTERED, 3]);
    caller.says([M.CALL, 3, {}, "a.b"]);
    expect((await prefix.next())[3]).toEqual({ procedure: "a.b" });
  });

  test("takes turns among the callees of a shared registration", async () => {
    const caller = await join();
    const callees = [await join(), await join()];
    for (const callee of callees) await register(callee, "a.b", { invoke: "roundrobin" });
    for (let i = 1; i <= 4; i += 1) caller.says([M.CALL, i, {}, "a.b"]);
    expect(callees.map((callee) => callee.take().length)).toEqual([2, 2]);
  });

  test("carries progressive results when both sides want them", async () => {
    const caller = await join();
    const callee = await join();
    await register(callee, "a.b");
    caller.says([M.CALL, 1, { receive_progress: true, disclose_me: true }, "a.b"]);
    expect((await callee.next())[3]).toMatchObject({ receive_progress: true, caller: caller.id });
    callee.says([M.YIELD, 1, { progress: true }, [1]]);
    callee.says([M.YIELD, 1, {}, [2]]);
    callee.says([M.YIELD, 1, {}, [3]]);
    expect(caller.take()).toEqual([
      [M.RESULT, 1, { progress: true }, [1]],
      [M.RESULT, 1, {}, [2]],
    ]);
  });

  test.each([
    ["skip", false, true],
    ["killnowait", true, true],
    ["kill", true, false],
  ])("cancels with mode %s", async (mode, interrupts, answersAtOnce) => {
    const caller = await join();
    const callee = await join();
    await register(callee, "a.b");
    caller.says([M.CALL, 1, {}, "a.b"]);
    callee.take();
    caller.says([M.CANCEL, 1, { mode }]);
    const interrupt = [M.INTERRUPT, 1, { mode, reason: "wamp.error.canceled" }];
    expect(callee.take()).toEqual(interrupts ? [interrupt] : []);
    expect(caller.sent.length).toBe(answersAtOnce ? 1 : 0);
    callee.says([M.ERROR, M.INVOCATION, 1, {}, "wamp.error.canceled"]);
    expect(caller.take().map((message) => message[4])).toEqual(["wamp.error.canceled"]);
  });

  test("interrupts a callee once, however often and by whatever a call is ended", async () => {
    const caller = await join();
    const callee = await join();
    await register(callee, "a.b");
    caller.says([M.CALL, 1, {}, "a.b"]);
    callee.take();
    for (const mode of ["kill", "kill", "killnowait"]) caller.says([M.CANCEL, 1, { mode }]);
    expect(callee.take().map(([type]) => type)).toEqual([M.INTERRUPT]);
    expect(caller.take().map((message) => message[4])).toEqual(["wamp.error.canceled"]);
    caller.says([M.CALL, 2, {}, "a.b"]);
    caller.says([M.CANCEL, 2, { mode: "kill" }]);
    callee.take();
    caller.says([M.GOODBYE, {}, "wamp.close.normal"]);
    expect(callee.take()).toEqual([]);
  });

  test("ends the session of a callee whose ERROR has no valid URI", async () => {
    const caller = await join();
    const callee = await join();
    await register(callee, "a.b");
    caller.says([M.CALL, 1, {}, "a.b"]);
    callee.take();
    callee.says([M.ERROR, M.INVOCATION, 1, {}, "a b"]);
    expect([callee.take()[0]?.[2], callee.closed?.code]).toEqual([
      "wamp.error.protocol_violation",
      1002,
    ]);
    expect(caller.take().map((message) => message[4])).toEqual(["wamp.error.canceled"]);
  });

  test("drops what a callee says of a call that is over, or was not asked for progress", async () => {
    const caller = await join();
    const callee = await join();
    await register(callee, "a.b");
    caller.says([M.CALL, 1, {}, "a.b"]);
    callee.take();
    callee.says([M.YIELD, 1, { progress: true }, [1]]);
    callee.says([M.YIELD, 9, {}, [1]]);
    callee.says([M.ERROR, M.INVOCATION, 9, {}, "a.error"]);
    expect([caller.take(), callee.take()]).toEqual([[], []]);
    callee.says([M.YIELD, 1, {}, [2]]);
    callee.says([M.ERROR, M.INVOCATION, 1, {}, "a.error"]);
    expect(caller.take()).toEqual([[M.RESULT, 1, {}, [2]]]);
    caller.says([M.CANCEL, 1, {}]);
    expect([caller.take(), callee.take(), caller.closed]).toEqual([[], [], undefined]);
  });

  test("takes no answer from a session that was not called", async () => {
    const [caller, callee, other] = [await join(), await join(), await join()];
    await register(callee, "a.b");
    caller.says([M.CALL, 1, {}, "a.b"]);
    other.says([M.YIELD, 1, {}, ["forged"]]);
    other.says([M.CANCEL, 1, {}]);
    expect([caller.take(), callee.take().length]).toEqual([[], 1]);
    callee.says([M.YIELD, 1, {}, ["real"]]);
    expect(caller.take()).toEqual([[M.RESULT, 1, {}, ["real"]]]);
  });

  test.each<[string, unknown[]]>([
    ["a second CALL with the id of one that waits", [M.CALL, 1, {}, "a.b"]],
    ["an ERROR about what is no INVOCATION", [M.ERROR, M.CALL, 1, {}, "a.error"]],
    ["an unknown mode of CANCEL", [M.CANCEL, 1, { mode: "stop" }]],
  ])("ends the session for %s", async (_, message) => {
    const caller = await join();
    const callee = await join();
    await register(callee, "a.b");
    caller.says([M.CALL, 1, {}, "a.b"]);
    caller.says(message);
    expect(caller.take()).toEqual([[M.ABORT, expect.anything(), "wamp.error.protocol_violation"]]);
    expect(caller.closed?.code).toBe(1002);
    expect(callee.closed).toBeUndefined();
  });

  test("unregisters for a callee its own registrations alone", async () => {
    const [callee, other] = [await join(), await join()];
    const id = await register(callee, "a.b");
    const refused = [M.ERROR, M.UNREGISTER, 3, {}, "wamp.error.no_such_registration"];
    expect((await ask(other, [M.UNREGISTER, 3, id])).slice(0, 5)).toEqual(refused);
    expect(await ask(callee, [M.UNREGISTER, 3, id])).toEqual([M.UNREGISTERED, 3]);
    expect((await ask(other, [M.CALL, 4, {}, "a.b"]))[4]).toBe("wamp.error.no_such_procedure");
  });

  test("answers the caller when the callee goes", async () => {
    const caller = await join();
    const callee = await join();
    await register(callee, "a.b");
    caller.says([M.CALL, 1, {}, "a.b"]);
    callee.disconnect();
    expect((await caller.next()).slice(0, 5)).toEqual([
      M.ERROR,
      M.CALL,
      1,
      {},
      "wamp.error.canceled",
    ]);
    expect((await ask(caller, [M.CALL, 2, {}, "a.b"]))[4]).toBe("wamp.error.no_such_procedure");
  });

  test("interrupts the callee when the caller goes, if the callee can be", async () => {
    const able = await join();
    const unable = await join({}, { callee: {} });
    await register(able, "a.able");
    await register(unable, "a.unable");
    const caller = await join();
    caller.says([M.CALL, 1, {}, "a.able"]);
    caller.says([M.CALL, 2, {}, "a.unable"]);
    caller.disconnect();
    expect(able.take().map((message) => message[0])).toEqual([M.INVOCATION, M.INTERRUPT]);
    expect(unable.take().map((message) => message[0])).toEqual([M.INVOCATION]);
    unable.says([M.YIELD, 1, {}, [1]]);
    expect(unable.closed).toBeUndefined();
  });

  test("ends a call that takes longer than its timeout", async () => {
    const caller = await join();
    const callee = await join();
    await register(callee, "a.b");
    caller.says([M.CALL, 1, { timeout: 1 }, "a.b"]);
    expect((await caller.next())[4]).toBe("wamp.error.timeout");
    expect(callee.take().map((message) => message[0])).toEqual([M.INVOCATION, M.INTERRUPT]);
  });

  test("answers a call that cannot be told to the callee, or a result to the caller", async () => {
    const json = await join();
    const msgpack = await join({ serializer: "msgpack" });
    await register(msgpack, "a.msgpack");
    await register(json, "a.json");
    json.saysOctets('[48,1,{},"a.msgpack",[123456789012345678901234567890]]');
    expect((await json.next())[4]).toBe("wamp.error.invalid_argument");
    msgpack.says([M.CALL, 2, {}, "a.json"]);
    await json.next();
    json.saysOctets("[70,1,{},[123456789012345678901234567890]]");
    expect((await msgpack.next())[4]).toBe("wamp.error.invalid_argument");
  });

  test("answers a call or result that is nested too deep for the other's serializer", async () => {
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    const json = await join();
    const cbor = await join({ serializer: "cbor" });
    const alike = await join();
    await register(cbor, "a.cbor");
    await register(alike, "a.json");
    json.saysOctets(`[48,1,{},"a.cbor",${nested(1023)}]`);
    expect((await cbor.next())[0]).toBe(M.INVOCATION);
    cbor.saysOctets(Buffer.from(`84 1846 01 a0 ${"81".repeat(1023)}80`.replaceAll(" ", ""), "hex"));
    expect((await json.next())[4]).toBe("wamp.error.invalid_argument");
    json.saysOctets(`[48,2,{},"a.cbor",${nested(1024)}]`);
    expect((await json.next()).slice(0, 5)).toEqual([8, 48, 2, {}, "wamp.error.invalid_argument"]);
    json.saysOctets(`[48,3,{"x":${nested(1024)}},"a.json"]`);
    expect((await json.next()).slice(0, 5)).toEqual([8, 48, 3, {}, "wamp.error.invalid_argument"]);
    json.saysOctets(`[48,4,{},"a.json",${nested(50_000)}]`);
    expect((await alike.next())[0]).toBe(M.INVOCATION);
    expect(alike.wire.at(-1)).toContain(nested(50_000));
    json.saysOctets(`[16,5,{},"a.topic",${nested(50_000)}]`);
    expect([json.closed, cbor.closed, alike.closed]).toEqual([undefined, undefined, undefined]);
  });

  test("answers a call of a meta procedure whose result is longer than the caller takes", async () => {
    await Promise.all(Array.from({ length: 50 }, () => join()));
    const small = await join({ maxSendOctets: 512 });
    const [type, , , , uri] = await ask(small, [M.CALL, 1, {}, "wamp.session.list"]);
    expect([type, uri]).toEqual([M.ERROR, "wamp.error.payload_size_exceeded"]);
  });

  test("answers a call that is longer than the callee takes", async () => {
    const caller = await join();
    const callee = await join({ maxSendOctets: 1000 });
    await register(callee, "a.b");
    const answer = await ask(caller, [M.CALL, 1, {}, "a.b", ["é".repeat(500)]]);
    expect(answer[4]).toBe("wamp.error.payload_size_exceeded");
  });
});

describe("session meta", () => {
  test("counts, lists and gets sessions, and publishes joins and leaves", async () => {
    const peer = await join();
    await subscribe(peer, "wamp.session.on_join");
    await subscribe(peer, "wamp.session.on_leave");
    const other = await join();
    expect((await peer.next())[4]).toMatchObject([{ session: other.id, authrole: "anonymous" }]);
    expect((await ask(peer, [M.CALL, 1, {}, "wamp.session.count"]))[3]).toEqual([2]);
    const list = (await ask(peer, [M.CALL, 2, {}, "wamp.session.list"]))[3];
    expect(list).toEqual([[peer.id, other.id]]);
    const got = (await ask(peer, [M.CALL, 3, {}, "wamp.session.get", [other.id]]))[3];
    expect(got).toMatchObject([{ session: other.id }]);
    other.disconnect();
    expect(((await peer.next())[4] as unknown[])[0]).toBe(other.id);
    const gone = await ask(peer, [M.CALL, 4, {}, "wamp.session.get", [other.id]]);
    expect(gone[4]).toBe("wamp.error.no_such_session");
  });
});
