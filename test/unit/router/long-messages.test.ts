/** Long messages on a router: they are handled in the thread, and nothing else changes for the clients. */

import { afterEach, describe, expect, mock, spyOn, test } from "bun:test";
import { messageMemory } from "#base/message-memory.ts";
import { keepOctets } from "#base/octet-ownership.ts";
import { longMessages } from "#session/long-messages.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import { SERIALIZER_NAMES, type SerializerName } from "#wamp/serializer-name.ts";
import { ask, everything, openRouter } from "../../support/router-harness.ts";

const LONG = "é".repeat(200_000);

/** Clients of a realm. */
function start() {
  const { join } = openRouter([{ name: "user", permissions: [everything] }]);
  return (serializer: SerializerName) => join({ serializer });
}

/** The tasks that the thread gets from now on. */
const tasks = () => spyOn(longMessages, "slice");

/** Fails the test when the event loop reads a message longer than a short one. */
function refuseLongReads() {
  for (const name of SERIALIZER_NAMES) {
    const { reader } = serializers[name];
    const read = reader.read.bind(reader);
    spyOn(reader, "read").mockImplementation((octets, sink) => {
      expect(octets.length).toBeLessThanOrEqual(256 * 1024);
      read(octets, sink);
    });
  }
}

afterEach(() => mock.restore());

const pairs = SERIALIZER_NAMES.flatMap((from) => SERIALIZER_NAMES.map((to) => [from, to] as const));

describe.each(pairs)("a long message (%s to %s)", (from, to) => {
  test("of a publisher reaches its subscribers, transcoded in the thread", async () => {
    const join = start();
    const [publisher, subscriber] = [await join(from), await join(to)];
    subscriber.says([M.SUBSCRIBE, 1, {}, "t"]);
    await subscriber.next();
    const sliced = tasks();
    publisher.says([M.PUBLISH, 2, { acknowledge: true }, "t", [LONG], { a: 1 }]);
    expect(publisher.paused).toBe(true);
    expect((await publisher.next())[0]).toBe(M.PUBLISHED);
    const [type, , , details, args, kwargs] = await subscriber.next();
    expect([type, details, args, kwargs]).toEqual([M.EVENT, {}, [LONG], { a: 1 }]);
    expect(sliced.mock.calls.map(([{ payloadIn }]) => payloadIn)).toEqual(
      from === to ? [[from]] : [[from], [to]],
    );
  });

  test("of a caller and its callee arrives", async () => {
    const join = start();
    const [caller, callee] = [await join(from), await join(to)];
    callee.says([M.REGISTER, 1, {}, "p"]);
    await callee.next();
    caller.says([M.CALL, 2, {}, "p", [LONG]]);
    const [, invocation, , , args] = await callee.next();
    expect(args).toEqual([LONG]);
    callee.says([M.YIELD, invocation, {}, [LONG]]);
    expect(await caller.next()).toEqual([M.RESULT, 2, {}, [LONG]]);
    caller.says([M.CALL, 3, {}, "p"]);
    const [, next] = await callee.next();
    callee.says([M.ERROR, M.INVOCATION, next, {}, "a.b", [LONG]]);
    expect(await caller.next()).toEqual([M.ERROR, M.CALL, 3, {}, "a.b", [LONG]]);
  });
});

test("reaches subscribers of several patterns and serializers, each with its own head", async () => {
  const join = start();
  const publisher = await join("json");
  const subscribers = await Promise.all(
    ["json", "json", "cbor", "cbor"].map((name) => join(name as SerializerName)),
  );
  for (const [index, subscriber] of subscribers.entries()) {
    const isPattern = index % 2 === 1;
    await ask(subscriber, [
      M.SUBSCRIBE,
      1,
      isPattern ? { match: "prefix" } : {},
      isPattern ? "t" : "t.x",
    ]);
  }
  publisher.says([M.PUBLISH, 2, {}, "t.x", [LONG]]);
  for (const [index, subscriber] of subscribers.entries()) {
    const [, , , details, args] = await subscriber.next();
    expect([details, args]).toEqual([index % 2 === 1 ? { topic: "t.x" } : {}, [LONG]]);
  }
});

test("a head longer than the room before the payload arrives whole", async () => {
  const join = start();
  const [publisher, subscriber] = [await join("cbor"), await join("cbor")];
  const topic = `t.${"x".repeat(10_000)}`;
  await ask(subscriber, [M.SUBSCRIBE, 1, { match: "prefix" }, "t"]);
  publisher.says([M.PUBLISH, 2, {}, topic, [LONG], {}]);
  const [, , , details, ...payload] = await subscriber.next();
  expect([details, payload]).toEqual([{ topic }, [[LONG], {}]]);
});

test("null in place of the arguments is none, as in a short message", async () => {
  const join = start();
  const [publisher, subscriber] = [await join("json"), await join("cbor")];
  await ask(subscriber, [M.SUBSCRIBE, 1, { match: "prefix" }, "t"]);
  publisher.says([M.PUBLISH, 2, {}, "t", null, { text: LONG }]);
  expect((await subscriber.next()).slice(4)).toEqual([[], { text: LONG }]);
  const [option, topic] = ["x".repeat(200_000), `t.${"x".repeat(100_000)}`];
  publisher.says([M.PUBLISH, 3, { option }, topic, null]);
  expect((await subscriber.next()).slice(4)).toEqual([]);
});

test("the event loop itself reads no long message", async () => {
  const join = start();
  const [publisher, subscriber] = [await join("json"), await join("cbor")];
  subscriber.says([M.SUBSCRIBE, 1, {}, "t"]);
  await subscriber.next();
  const delivered = Promise.withResolvers<void>();
  subscriber.send = () => {
    delivered.resolve();
    return true;
  };
  refuseLongReads();
  publisher.saysOctets(Buffer.from(JSON.stringify([M.PUBLISH, 2, {}, "t", [LONG]])));
  await delivered.promise;
});

test("a session that joins with another serializer meanwhile gets the event too", async () => {
  const join = start();
  const [publisher, late] = [await join("json"), await join("msgpack")];
  const slice = longMessages.slice.bind(longMessages);
  const sliced = tasks().mockImplementationOnce(async (task) => {
    late.says([M.SUBSCRIBE, 1, {}, "t"]);
    return slice(task);
  });
  publisher.says([M.PUBLISH, 2, {}, "t", [LONG]]);
  await late.next();
  expect((await late.next())[4]).toEqual([LONG]);
  expect(sliced).toHaveBeenCalledTimes(2);
});

test("a long message that is malformed ends its session as a short one does", async () => {
  const client = await start()("json");
  client.saysOctets(Buffer.from(`[16,1,{},"t",["${LONG}"]x`));
  const [type, , uri] = await client.next();
  expect([type, uri]).toEqual([M.ABORT, "wamp.error.protocol_violation"]);
});

test("a value that the callee's serializer cannot represent is answered as in a short message", async () => {
  const join = start();
  const [caller, callee] = [await join("json"), await join("msgpack")];
  callee.says([M.REGISTER, 1, {}, "p"]);
  await callee.next();
  const big = "9".repeat(30);
  for (const [id, text] of [
    [2, "x"],
    [3, LONG],
  ] as const) {
    caller.saysOctets(Buffer.from(`[48,${id},{},"p",["${text}",${big}]]`));
  }
  const [short, long] = [await caller.next(), await caller.next()];
  expect([short[2], long[2]]).toEqual([2, 3]);
  expect(long[4]).toBe("wamp.error.invalid_argument");
  expect(long.slice(3)).toEqual(short.slice(3));
});

test("a session that ends meanwhile routes nothing more, and no memory stays counted", async () => {
  const before = messageMemory();
  const join = start();
  const [publisher, subscriber] = [await join("json"), await join("json")];
  subscriber.says([M.SUBSCRIBE, 1, {}, "t"]);
  await subscriber.next();
  publisher.says([M.PUBLISH, 2, {}, "t", [LONG]]);
  expect(messageMemory()).toBeGreaterThan(before);
  publisher.disconnect();
  const other = await join("json");
  other.says([M.PUBLISH, 2, {}, "t", ["other", LONG]]);
  expect((await subscriber.next())[4]).toEqual(["other", LONG]);
  expect([publisher.paused, messageMemory()]).toEqual([false, before]);
});

test.each([
  ["options", [M.PUBLISH, 1, { exclude: Array(150_000).fill(1) }, "t"]],
  ["a URI", [M.CALL, 1, {}, "a".repeat(300_000)]],
])("%s longer than 256 KiB end the session unread", async (_, message) => {
  const client = await start()("json");
  client.says(message);
  const [type, details, uri] = await client.next();
  expect([type, uri]).toEqual([M.ABORT, "wamp.error.protocol_violation"]);
  expect(JSON.stringify(details)).toContain("is longer than 262144 octets");
});

test("arguments of a meta procedure longer than 256 KiB are refused unread", async () => {
  const client = await start()("json");
  client.says([M.CALL, 1, {}, "wamp.session.count", [Array(150_000).fill(1)]]);
  expect((await client.next())[4]).toBe("wamp.error.invalid_argument");
});

test("a request that waited for an authorizer is read again for a callee that came meanwhile", async () => {
  const authorizer = { authorizer: "ask", "authorizer-timeout": 10_000 };
  const { join } = openRouter([
    { name: "service", permissions: [everything] },
    { name: "user", permissions: [], authorizer },
  ]);
  const service = await join({ role: "service" });
  await ask(service, [M.REGISTER, 1, {}, "ask"]);
  const callee = await join({ role: "service", serializer: "msgpack" });
  const client = await join({ role: "user" });
  const sliced = tasks();
  client.says([M.CALL, 1, {}, "p", [LONG]]);
  const [, invocation] = await service.next();
  await ask(callee, [M.REGISTER, 1, {}, "p"]);
  service.says([M.YIELD, invocation, {}, [true]]);
  expect((await callee.next())[4]).toEqual([LONG]);
  expect(sliced.mock.calls.map(([{ payloadIn }]) => payloadIn)).toEqual([
    ["json"],
    ["json"],
    ["msgpack"],
  ]);
});

test("events may be kept by every subscriber, invocations by their callee, without a copy", async () => {
  const join = start();
  const [sender, ...receivers] = [await join("json"), await join("cbor"), await join("cbor")];
  const kept = Promise.withResolvers<boolean[]>();
  const found: boolean[] = [];
  for (const [index, receiver] of receivers.entries()) {
    await ask(receiver, [M.SUBSCRIBE, 1, {}, "t"]);
    if (index === 0) await ask(receiver, [M.REGISTER, 2, {}, "p"]);
    receiver.send = (octets) => {
      found.push(keepOctets(octets as Uint8Array) === octets);
      if (found.length === 3) kept.resolve(found);
      return true;
    };
  }
  sender.says([M.PUBLISH, 1, {}, "t", [LONG]]);
  sender.says([M.CALL, 2, {}, "p", [LONG]]);
  expect(await kept.promise).toEqual([true, true, true]);
});
