import { describe, expect, test } from "bun:test";
import { AuthorizerCalls } from "#router/authorizer-calls.ts";
import { AuthorizerRole } from "#router/authorizer-role.ts";
import { RealmCaller } from "#router/realm-caller.ts";
import type { PendingAuthorization } from "#router/role.ts";
import { waitingMemory } from "#router/waiting-memory.ts";
import { OutgoingRequests } from "#session/outgoing-requests.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import {
  authorizerProcedure as procedure,
  settle,
  startAuthorizer as start,
} from "../../support/authorizer-harness.ts";
import { afterTest } from "../../support/cleanups.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { neverCanceled } from "../../support/no-authenticators.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask } from "../../support/router-harness.ts";

const authorizationFailed = "wamp.error.authorization_failed";
const notAuthorized = "wamp.error.not_authorized";

test("testaments that wait for their authorizer count, too", async () => {
  const { client, question, authorizer } = await start();
  const add = (id: number) => client.says([M.CALL, id, {}, "wamp.session.add_testament", ["a.b"]]);
  add(1);
  (await question()).returns({ allow: true, cache: true });
  await question();
  for (let id = 2; id <= 101; id++) add(id);
  expect((await client.next()).slice(0, 5)).toEqual([
    M.ERROR,
    M.CALL,
    101,
    {},
    "wamp.error.unavailable",
  ]);
  expect(authorizer.take()).toHaveLength(99);
});

describe("the authorizer", () => {
  test.each([
    ["publish", [M.PUBLISH, 5, { acknowledge: true }, "a.b"], { acknowledge: true }, M.PUBLISHED],
    ["subscribe", [M.SUBSCRIBE, 5, { match: "prefix" }, "a.b"], { match: "prefix" }, M.SUBSCRIBED],
    ["register", [M.REGISTER, 5, { invoke: "last" }, "a.b"], { invoke: "last" }, M.REGISTERED],
  ])("is asked about %s", async (action, message, options, answer) => {
    const { client, decide } = await start();
    const args = await decide(client, message, true);
    expect(args).toEqual([
      {
        session: client.id,
        authid: expect.any(String),
        authrole: "user",
        authmethod: "anonymous",
        authprovider: "static",
        authextra: {},
        transport: expect.objectContaining({ peer: "unix:/fake", channel_serializer: "json" }),
      },
      "a.b",
      action,
      options,
    ]);
    expect((await client.next()).slice(0, 2)).toEqual([answer, 5]);
  });

  test("is asked about calls before it is known whether the procedure exists", async () => {
    const { client, decide } = await start();
    const unknown = { timeout: 1_000, x_other: 1 };
    const args = await decide(client, [M.CALL, 5, unknown, "a.b", [1]], false);
    expect(args.slice(1)).toEqual(["a.b", "call", { timeout: 1_000 }]);
    expect((await client.next()).slice(0, 5)).toEqual([M.ERROR, M.CALL, 5, {}, notAuthorized]);
    await decide(client, [M.CALL, 6, {}, "a.b"], true);
    expect((await client.next())[4]).toBe("wamp.error.no_such_procedure");
    await decide(client, [M.CALL, 7, {}, "wamp.session.count"], true);
    expect(await client.next()).toEqual([M.RESULT, 7, {}, [3]]);
  });

  test("is asked about publications without acknowledgement", async () => {
    const { client, service, decide } = await start();
    await ask(service, [M.SUBSCRIBE, 1, {}, "a.b"]);
    await decide(client, [M.PUBLISH, 5, {}, "a.b", ["no"]], false);
    await decide(client, [M.PUBLISH, 6, {}, "a.b", ["yes"]], true);
    expect((await service.next())[4]).toEqual(["yes"]);
    expect(client.take()).toEqual([]);
  });

  test("is not asked about what ends, answers or cannot be permitted", async () => {
    const { client, service, authorizer, decide } = await start();
    await decide(client, [M.SUBSCRIBE, 1, {}, "a.b"], true);
    const [, , subscription] = await client.next();
    await decide(client, [M.REGISTER, 2, {}, "a.b"], true);
    const [, , registration] = await client.next();
    service.says([M.CALL, 3, {}, "a.b"]);
    const [, invocation] = await client.next();
    client.says([M.YIELD, invocation, {}, [1]]);
    expect((await service.next())[0]).toBe(M.RESULT);
    expect((await ask(client, [M.UNSUBSCRIBE, 3, subscription]))[0]).toBe(M.UNSUBSCRIBED);
    expect((await ask(client, [M.UNREGISTER, 4, registration]))[0]).toBe(M.UNREGISTERED);
    const invalidUri = "wamp.error.invalid_uri";
    expect((await ask(client, [M.REGISTER, 5, {}, "wamp.x"]))[4]).toBe(invalidUri);
    expect((await ask(client, [M.CALL, 6, {}, "a b"]))[4]).toBe(invalidUri);
    expect(authorizer.take()).toEqual([]);
  });

  test("discloses the identity of callers and publishers only if it says so", async () => {
    const { client, service, decide } = await start();
    await ask(service, [M.SUBSCRIBE, 1, {}, "a.b"]);
    await ask(service, [M.REGISTER, 2, {}, "a.b"]);
    for (const disclose of [undefined, true]) {
      const result = disclose === undefined ? { allow: true } : { allow: true, disclose };
      await decide(client, [M.PUBLISH, 5, {}, "a.b"], result);
      const publisher = disclose && expect.objectContaining({ publisher: client.id });
      expect((await service.next())[3]).toEqual(publisher ?? {});
      await decide(client, [M.CALL, disclose ? 6 : 7, {}, "a.b"], result);
      const caller = disclose && expect.objectContaining({ caller: client.id });
      expect((await service.next())[3]).toEqual(caller ?? {});
    }
  });

  test.each([
    [{ allow: true, cache: false, disclose: false, validate: null }, undefined],
    [{ allow: true, validate: { event: "a.T" } }, undefined],
    [{ allow: false, disclose: true }, notAuthorized],
    [{ allow: true, foo: 1 }, 'unknown key "foo"'],
    [{ allow: 1 }, 'no boolean for "allow"'],
    [{ allow: null }, 'no boolean for "allow"'],
    [{ allow: true, cache: "yes" }, 'no boolean for "cache"'],
    [{ allow: true, disclose: null }, 'no boolean for "disclose"'],
    [{ allow: true, validate: 5 }, 'no map for "validate"'],
    [{ cache: true }, 'a map without "allow"'],
    [{}, 'a map without "allow"'],
    [null, "no boolean and no map"],
    ["yes", "no boolean and no map"],
    [1, "no boolean and no map"],
    [[true], "no boolean and no map"],
  ])("may return %j: %s", async (result, refusal) => {
    const { client, decide } = await start();
    await decide(client, [M.PUBLISH, 5, { acknowledge: true }, "a.b"], result);
    const [type, , , , uri, args] = await client.next();
    if (refusal === undefined) expect(type).toBe(M.PUBLISHED);
    else if (refusal === notAuthorized) expect(uri).toBe(notAuthorized);
    else expect([uri, args]).toEqual([authorizationFailed, [expect.stringContaining(refusal)]]);
  });

  test("fails the request with the text of its error", async () => {
    const { client, question, logged } = await start();
    client.says([M.SUBSCRIBE, 5, {}, "a.b"]);
    (await question()).raises("com.example.broken", "no database", 2);
    expect(await client.next()).toEqual([
      M.ERROR,
      M.SUBSCRIBE,
      5,
      {},
      authorizationFailed,
      ['Cannot subscribe "a.b": its authorization failed: com.example.broken no database'],
    ]);
    client.says([M.SUBSCRIBE, 6, {}, "a.b"]);
    (await question()).raises("com.example.broken");
    await client.next();
    // The second failure follows at once, and is not logged as a warning.
    expect(logged).toEqual([
      [
        "authorizer failed",
        {
          role: "user",
          authorizer: procedure,
          session: client.id,
          reason: "com.example.broken no database",
        },
      ],
    ]);
  });

  test("fails the request while it is not registered, and when it leaves", async () => {
    const { client, authorizer, question } = await start({ isRegistered: false });
    const [, , , , uri, args] = await ask(client, [M.CALL, 5, {}, "a.b"]);
    expect([uri, args]).toEqual([
      authorizationFailed,
      [expect.stringContaining("no callee has registered it")],
    ]);
    await ask(authorizer, [M.REGISTER, 1, {}, procedure]);
    client.says([M.CALL, 6, {}, "a.b"]);
    await question();
    authorizer.disconnect();
    expect((await client.next())[4]).toBe(authorizationFailed);
  });

  test("fails the request when it does not answer in time", async () => {
    const { client, question } = await start({ timeout: 30 });
    client.says([M.CALL, 5, {}, "a.b"]);
    const { returns } = await question();
    const [, , , , uri, args] = await client.next();
    expect([uri, args]).toEqual([
      authorizationFailed,
      [expect.stringContaining("did not answer within 30 ms")],
    ]);
    returns(true);
    await settle();
    expect(client.take()).toEqual([]);
  });

  test("says once that validation is not honoured", async () => {
    const { client, decide, logged } = await start();
    for (const id of [5, 6]) {
      const message = [M.PUBLISH, id, { acknowledge: true }, "a.b"];
      await decide(client, message, { allow: true, validate: { event: "a.T" } });
      await client.next();
    }
    expect(logged.map(([line]) => line)).toEqual(["authorizer's validate not honoured"]);
  });
});

describe("a decision with cache", () => {
  test.each([
    [true, M.SUBSCRIBED],
    [false, M.ERROR],
  ])("of %p holds for every session of the role", async (allow, answer) => {
    const { client, join, authorizer, decide } = await start();
    await decide(client, [M.SUBSCRIBE, 5, {}, "a.b"], { allow, cache: true });
    expect((await client.next())[0]).toBe(answer);
    const other = await join({ role: "user" });
    for (const peer of [client, other]) {
      expect((await ask(peer, [M.SUBSCRIBE, 6, {}, "a.b"]))[0]).toBe(answer);
    }
    expect(authorizer.take()).toEqual([]);
  });

  test("does not hold for another action, URI or pattern", async () => {
    const { client, decide, question } = await start();
    await decide(client, [M.SUBSCRIBE, 5, {}, "a.b"], { allow: true, cache: true });
    await client.next();
    for (const message of [
      [M.REGISTER, 6, {}, "a.b"],
      [M.SUBSCRIBE, 7, {}, "a.c"],
      [M.SUBSCRIBE, 8, { match: "prefix" }, "a.b"],
    ]) {
      client.says(message);
      (await question()).returns(false);
      expect((await client.next())[4]).toBe(notAuthorized);
    }
  });

  test("is not kept after a failure, nor for a URI of extreme length", async () => {
    const { client, decide, question } = await start();
    await decide(client, [M.SUBSCRIBE, 5, {}, "a.b"], { allow: true, cache: true, foo: 1 });
    expect((await client.next())[4]).toBe(authorizationFailed);
    client.says([M.SUBSCRIBE, 6, {}, "a.b"]);
    (await question()).returns(true);
    const long = "x".repeat(1_001);
    for (const id of [7, 8]) {
      await decide(client, [M.SUBSCRIBE, id, {}, long], { allow: true, cache: true });
    }
  });
});

describe("requests that wait", () => {
  test("are performed in the order in which they came", async () => {
    const { client, service, question } = await start();
    await ask(service, [M.SUBSCRIBE, 1, {}, "a.b"]);
    for (const number of [1, 2, 3]) client.says([M.PUBLISH, number, {}, "a.b", [number]]);
    const [first, second, third] = [await question(), await question(), await question()];
    third.returns(true);
    second.returns(true);
    await settle();
    expect(service.take()).toEqual([]);
    first.returns(true);
    await settle();
    expect(service.take().map((event) => event[4])).toEqual([[1], [2], [3]]);
  });

  test("keep their payload when the octets of the message are used again", async () => {
    const { join, service, question } = await start();
    await ask(service, [M.SUBSCRIBE, 1, {}, "a.b"]);
    const client = await join({ role: "user", serializer: "cbor" });
    const octets = encodeMessage([M.PUBLISH, 1, {}, "a.b", ["kept"]], "cbor");
    client.saysOctets(octets);
    octets.fill(0);
    (await question()).returns(true);
    expect((await service.next())[4]).toEqual(["kept"]);
  });

  test("hold back those that need no question", async () => {
    const { client, decide, question } = await start();
    await decide(client, [M.SUBSCRIBE, 1, {}, "a.b"], { allow: true, cache: true });
    const [, , subscription] = await client.next();
    client.says([M.REGISTER, 2, {}, "a.b"]);
    client.says([M.UNSUBSCRIBE, 3, subscription]);
    client.says([M.SUBSCRIBE, 4, {}, "a.b"]);
    await settle();
    expect(client.take()).toEqual([]);
    (await question()).returns(true);
    await settle();
    expect(client.take().map((message) => message.slice(0, 2))).toEqual([
      [M.REGISTERED, 2],
      [M.UNSUBSCRIBED, 3],
      [M.SUBSCRIBED, 4],
    ]);
  });

  test("do not hold back other sessions, answers to invocations and CANCEL", async () => {
    const { client, service, join, decide, question } = await start();
    await decide(client, [M.REGISTER, 1, {}, "a.b"], true);
    await client.next();
    service.says([M.CALL, 2, {}, "a.b"]);
    const [, invocation] = await client.next();
    client.says([M.PUBLISH, 3, { acknowledge: true }, "a.b"]);
    const waiting = await question();
    client.says([M.YIELD, invocation, {}, [1]]);
    expect((await service.next())[0]).toBe(M.RESULT);
    const other = await join({ role: "user" });
    await decide(other, [M.SUBSCRIBE, 4, {}, "a.b"], true);
    expect((await other.next())[0]).toBe(M.SUBSCRIBED);
    waiting.returns(true);
    expect((await client.next())[0]).toBe(M.PUBLISHED);
  });

  test("are canceled by CANCEL, and those behind them go on", async () => {
    const { client, question } = await start();
    client.says([M.CALL, 1, {}, "a.b"]);
    await question();
    client.says([M.CALL, 2, {}, "a.c"]);
    (await question()).returns(false);
    await settle();
    expect(client.take()).toEqual([]);
    client.says([M.CANCEL, 1, {}]);
    const uris = client.take().map((message) => [message[2], message[4]]);
    expect(uris).toEqual([
      [1, "wamp.error.canceled"],
      [2, notAuthorized],
    ]);
    // The id may be used again.
    client.says([M.CALL, 1, {}, "a.b"]);
    await question();
  });

  test("end the session when an id of theirs is repeated", async () => {
    const { client, question } = await start();
    client.says([M.CALL, 1, {}, "a.b"]);
    await question();
    client.says([M.CALL, 1, {}, "a.b"]);
    expect((await client.next())[2]).toBe("wamp.error.protocol_violation");
  });

  test("are performed before GOODBYE, and what follows waits", async () => {
    const { client, service, question } = await start();
    await ask(service, [M.SUBSCRIBE, 1, {}, "a.b"]);
    client.says([M.PUBLISH, 1, {}, "a.b", [1]]);
    const waiting = await question();
    client.says([M.GOODBYE, {}, "wamp.close.normal"]);
    expect([client.take(), client.paused]).toEqual([[], true]);
    waiting.returns(true);
    expect((await service.next())[4]).toEqual([1]);
    expect((await client.next())[0]).toBe(M.GOODBYE);
    expect(client.paused).toBe(false);
    client.says([M.HELLO, "realm1", { roles: { caller: {} } }]);
    expect((await client.next())[0]).toBe(M.WELCOME);
  });

  test("are dropped when the client is lost, and those without an answer are counted", async () => {
    const { client, service, question, logged } = await start();
    await ask(service, [M.SUBSCRIBE, 1, {}, "a.b"]);
    client.says([M.PUBLISH, 1, {}, "a.b"]);
    client.says([M.PUBLISH, 2, {}, "a.b"]);
    client.says([M.PUBLISH, 3, { acknowledge: true }, "a.b"]);
    client.says([M.REGISTER, 4, {}, "a.b"]);
    const questions = [await question(), await question(), await question(), await question()];
    client.says([M.GOODBYE, {}, "wamp.close.normal"]);
    client.disconnect();
    for (const { returns } of questions) returns(true);
    await settle();
    expect(service.take()).toEqual([]);
    expect(logged).toMatchObject([
      ["message left out", { session: client.id, message: "PUBLISH", reason: expect.any(String) }],
      ["messages left out", { session: client.id, PUBLISH: 2 }],
    ]);
    expect((await ask(service, [M.CALL, 2, {}, "a.b"]))[4]).toBe("wamp.error.no_such_procedure");
  });

  test("are at most 1,000 of one session", async () => {
    const { client, authorizer, question } = await start();
    for (let id = 1; id <= 1_001; id += 1) client.says([M.CALL, id, {}, "a.b"]);
    expect(client.take().map((message) => [message[2], message[4]])).toEqual([
      [1_001, "wamp.error.unavailable"],
    ]);
    (await question()).returns(false);
    await client.next();
    authorizer.take();
    client.says([M.CALL, 1_001, {}, "a.b"]);
    await question();
  });

  test("have at most 32 MiB together, long messages with what they hold twice", async () => {
    const { join, question } = await start();
    const client = await join({ role: "user", serializer: "cbor" });
    const part = [new Uint8Array(8 * 1024 * 1024 - 100_000)];
    for (const id of [1, 2]) {
      client.says([M.CALL, id, {}, "a.b", part]);
      await question();
    }
    client.says([M.CALL, 3, {}, "a.b", part]);
    expect((await client.next())[4]).toBe("wamp.error.unavailable");
    client.says([M.CALL, 4, {}, "a.b", [1]]);
    await question();
  });

  test.each([
    ["URIs", (id: number) => [M.CALL, id, {}, `a.${"b".repeat(200_000)}`]],
    ["options", (id: number) => [M.CALL, id, { ppt_scheme: "x".repeat(200_000) }, "a.b"]],
  ])("count with their %s, which cost more than their octets", async (_title, call) => {
    const { join } = await start();
    const roles = { caller: { features: { payload_passthru_mode: true } } };
    const client = await join({ role: "user", roles });
    for (let id = 1; id <= 17; id += 1) client.says(call(id));
    const [, , id, , uri] = await client.next();
    expect([id, uri]).toEqual([17, "wamp.error.unavailable"]);
  });

  test("leave room for a session of which nothing waits, and free what they held", async () => {
    const { client, join, question } = await start();
    const others = 240 * 1024 * 1024;
    waitingMemory.hold(others);
    afterTest(() => waitingMemory.hold(-others));
    const other = await join({ role: "user", serializer: "cbor" });
    const payload = (octets: number) => [new Uint8Array(octets)];
    other.says([M.CALL, 1, {}, "a.b", payload(4_500_000)]);
    const [, , , , uri, args] = await other.next();
    expect([uri, args]).toEqual([
      "wamp.error.unavailable",
      ["Cannot accept CALL: too many requests of all sessions wait"],
    ]);
    other.says([M.CALL, 1, {}, "a.b", payload(3_500_000)]);
    await question();
    client.says([M.CALL, 1, {}, "a.b", []]);
    await question();
    client.says([M.CALL, 2, {}, "a.b", ["x".repeat(1_000_000)]]);
    expect((await client.next())[4]).toBe("wamp.error.unavailable");
    other.disconnect();
    client.says([M.CALL, 3, {}, "a.b", ["x".repeat(700_000)]]);
    await question();
  });

  test("are limited in the whole realm", async () => {
    const { client } = await start();
    const service = new OutgoingRequests(() => {}, 2);
    const config = { authorizer: procedure, "authorizer-timeout": 1_000 };
    const calls = new AuthorizerCalls(procedure, service);
    const role = new AuthorizerRole("user", config, calls, quiet);
    const requester = {
      id: client.id,
      identity: {
        realm: "realm1",
        authid: "a",
        authrole: "user",
        authmethod: "",
        authprovider: "",
        authextra: {},
      },
      transport: () => null,
    };
    const request = { type: M.SUBSCRIBE, id: 1, action: "subscribe", options: {} } as const;
    const ask = () => role.authorize(requester, { ...request, uri: "a.b", match: "exact" });
    const waiting = [ask(), ask()] as PendingAuthorization[];
    await expect((ask() as PendingAuthorization).outcome).rejects.toMatchObject({
      uri: authorizationFailed,
      message: expect.stringContaining("2 requests wait"),
    });
    for (const { outcome, cancel } of waiting) {
      cancel();
      await expect(outcome).rejects.toThrow("withdrawn");
    }
  });

  test("end the session with a protocol violation as at any other time", async () => {
    const { client, service, question } = await start();
    client.says([M.CALL, 1, {}, "a.b"]);
    const { returns } = await question();
    expect((await ask(client, [M.YIELD, null, {}]))[2]).toBe("wamp.error.protocol_violation");
    returns(true);
    await settle();
    expect(client.sent).toEqual([]);
    expect(service.closed).toBeUndefined();
  });
});

describe("patterns", () => {
  test("that the authorizer permits carry every topic and procedure that they match", async () => {
    const { client, service, decide } = await start();
    await decide(client, [M.SUBSCRIBE, 1, { match: "prefix" }, "a."], true);
    await decide(client, [M.REGISTER, 2, { match: "prefix" }, "a."], true);
    await settle();
    client.take();
    service.says([M.PUBLISH, 3, {}, "a.b"]);
    service.says([M.CALL, 4, {}, "a.c"]);
    expect(client.take().map((message) => message[3])).toEqual([
      { topic: "a.b" },
      { procedure: "a.c" },
    ]);
  });
});

describe("calls of the router itself", () => {
  const request = (uri: string) => ({
    kind: "call" as const,
    realm: "realm1",
    role: "user",
    uri,
    options: {},
    payload: { serializer: "json" as const, items: [] },
    signal: neverCanceled,
  });

  test("to authenticators need no authorizer", async () => {
    const { realms, service } = await start({ isRegistered: false });
    await ask(service, [M.REGISTER, 1, {}, "com.example.authenticate"]);
    const call = new RealmCaller(realms, quiet).call({
      realm: "realm1",
      role: "user",
      procedure: "com.example.authenticate",
      args: [],
      signal: neverCanceled,
    });
    const [, invocation] = await service.next();
    service.says([M.YIELD, invocation, {}, ["user"]]);
    expect(await call).toBe("user");
  });

  test("of Web services are authorized, each apart from the others", async () => {
    const { realms, service, question } = await start();
    await ask(service, [M.REGISTER, 1, {}, "a.b"]);
    const caller = new RealmCaller(realms, quiet);
    const slow = caller.request(request("a.slow"));
    const { args, returns } = await question();
    expect(args[0]).toMatchObject({ authid: "router", authrole: "user", transport: null });
    const quick = caller.request(request("a.b"));
    (await question()).returns(true);
    const [, invocation] = await service.next();
    service.says([M.YIELD, invocation, {}, [1]]);
    expect(await quick).toMatchObject({ kind: "result" });
    returns(false);
    expect(await slow).toMatchObject({ kind: "error", uri: notAuthorized });
  });

  test("of Web services are withdrawn when nobody waits any more", async () => {
    const { realms, question } = await start();
    const aborted = new AbortController();
    const caller = new RealmCaller(realms, quiet);
    const call = caller.request({ ...request("a.b"), signal: aborted.signal });
    await question();
    aborted.abort(new Error("gone"));
    await expect(call).rejects.toThrow("gone");
  });
});

test("a session that is to end waits for the authorizer, and for the call behind it", async () => {
  const { client, service, question } = await start();
  await ask(service, [M.REGISTER, 1, {}, "a.b"]);
  client.says([M.CALL, 1, {}, "a.b"]);
  const asked = await question();
  const pass = fakeTime();
  client.session.retire("shutdown", 60_000);
  pass(2000);
  expect(client.sent).toEqual([]);
  asked.returns(true);
  const [, invocation] = await service.next();
  service.says([M.YIELD, invocation, {}]);
  expect((await client.next())[0]).toBe(M.RESULT);
  expect(await client.next()).toEqual([M.GOODBYE, {}, "wamp.close.system_shutdown"]);
});
