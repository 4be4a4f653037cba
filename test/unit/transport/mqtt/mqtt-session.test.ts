/** MQTT clients of a router: what each packet does, and what outlasts a connection. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { WampAnswer, WampCaller } from "#wamp/wamp-caller.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { type MqttHarnessOptions, mqttOn } from "../../../support/mqtt-harness.ts";
import { ask, everything, openRouter } from "../../../support/router-harness.ts";

const secret = {
  ...everything,
  uri: "secret",
  allow: { ...everything.allow, publish: false, subscribe: false },
};
const role = { name: "anonymous", permissions: [secret, everything] };

/** A router, and what connects MQTT clients to it. */
function start(harness: MqttHarnessOptions = {}) {
  const router = openRouter([role as never]);
  return { router, mqtt: mqttOn(router.realms, harness) };
}

/** A WAMP client that has subscribed to everything below `a`. */
async function listener({ router }: ReturnType<typeof start>, uri = "a") {
  const peer = await router.join({ serializer: "cbor" });
  await ask(peer, [M.SUBSCRIBE, 1, { match: "prefix" }, uri]);
  return peer;
}

const event = (payload: string) => Buffer.from(payload);

const keptFive = { version: 5 as const, clean: false, properties: { sessionExpiryInterval: 60 } };

const sentWill = { topic: "a/will", payload: event("gone"), qos: 0 as const, retain: false };

/** What a procedure gives. */
function resultOf(value: unknown): WampAnswer {
  const items = [encodeMessage([value], "cbor")];
  return { kind: "result", payload: { serializer: "cbor", items } };
}

describe("a publication", () => {
  test.each([
    [0, {}],
    [1, { cmd: "puback", messageId: 7 }],
    [2, { cmd: "pubrec", messageId: 7 }],
  ] as const)("of QoS %d is an event, and acknowledged then", async (qos, answer) => {
    const started = start();
    const peer = await listener(started);
    const client = await started.mqtt.connect("c1");
    client.publish("a/b", "x", { qos, messageId: 7 });
    if (qos > 0) expect(await client.next()).toMatchObject(answer);
    const [type, , , details, payload] = await peer.next();
    expect([type, details, payload]).toEqual([
      M.EVENT,
      { topic: "a.b", enc_algo: "mqtt" },
      event("x"),
    ]);
  });

  test("of QoS 2 is published once, however often it is sent", async () => {
    const started = start();
    const peer = await listener(started);
    const client = await started.mqtt.connect("c1");
    for (let index = 0; index < 3; index++) {
      client.publish("a", "x", { qos: 2, messageId: 7, dup: index > 0 });
      expect(await client.next()).toMatchObject({ cmd: "pubrec", messageId: 7 });
    }
    expect(await client.ask({ cmd: "pubrel", messageId: 7 })).toMatchObject({ cmd: "pubcomp" });
    client.publish("a", "y", { qos: 2, messageId: 7 });
    await client.next();
    expect((await peer.next())[4]).toEqual(event("x"));
    expect((await peer.next())[4]).toEqual(event("y"));
    expect(peer.take()).toEqual([]);
  });

  test("of QoS 2 that was refused is tried again on the next connection", async () => {
    const { mqtt } = start();
    for (let tries = 0; tries < 2; tries++) {
      const client = await mqtt.connect("c4", { clean: false });
      client.publish("secret", "x", { qos: 2, messageId: 7, dup: tries > 0 });
      expect(await client.untilEnded()).toContain("Cannot publish");
    }
  });

  test.each([
    ["secret", 0x87],
    ["a//b", 0x90],
  ])("to %s is refused by a reason code of version 5, or by the end", async (topic, reason) => {
    const { mqtt } = start();
    const five = await mqtt.connect("c5", { version: 5 });
    five.publish(topic, "x", { qos: 1, messageId: 7 });
    expect(await five.next()).toMatchObject({ cmd: "puback", reasonCode: reason });
    five.publish(topic, "x", { qos: 2, messageId: 8 });
    expect(await five.next()).toMatchObject({ cmd: "pubrec", reasonCode: reason });
    const four = await mqtt.connect("c4");
    four.publish(topic, "x", { qos: 1, messageId: 7 });
    expect(await four.untilEnded()).toContain("Cannot publish");
  });

  test("has the topic that an alias stands for", async () => {
    const started = start();
    const peer = await listener(started);
    const client = await started.mqtt.connect("c1", { version: 5 });
    client.publish("a/b", "1", { properties: { topicAlias: 3 } });
    client.publish("", "2", { properties: { topicAlias: 3 } });
    expect((await peer.next())[3]).toMatchObject({ topic: "a.b" });
    expect((await peer.next())[3]).toMatchObject({ topic: "a.b" });
    client.publish("", "3", { properties: { topicAlias: 4 } });
    expect(await client.next()).toMatchObject({ cmd: "disconnect", reasonCode: 0x94 });
  });

  test("comes to its publisher, but for No Local", async () => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1", { version: 5 });
    await client.subscribe("a/+");
    await client.subscribe("a/b", 0, { nl: true });
    client.publish("a/b", "x");
    client.publish("a/c", "y");
    expect(await client.next()).toMatchObject({ topic: "a/b", payload: event("x") });
    expect(await client.next()).toMatchObject({ topic: "a/c", payload: event("y") });
  });

  test("that is retained comes to later subscribers, until it is removed", async () => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1");
    client.publish("a/b", "x", { retain: true });
    const late = await mqtt.connect("c2");
    late.says({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "a/#", qos: 1 }] });
    expect(await late.next()).toMatchObject({ cmd: "publish", retain: true, payload: event("x") });
    expect(await late.next()).toMatchObject({ cmd: "suback", granted: [1] });
    client.publish("a/b", "", { retain: true });
    expect(await late.next()).toMatchObject({ retain: false, payload: Buffer.alloc(0) });
    const last = await mqtt.connect("c3");
    expect(await last.subscribe("a/#")).toMatchObject({ cmd: "suback", granted: [0] });
  });
});

describe("a subscription", () => {
  test("is granted or refused filter by filter", async () => {
    const { mqtt } = start();
    const subscriptions = ["a/+", "a//b", "secret", "$share/g/a"].map((topic) => ({
      topic,
      qos: 2 as const,
      ...{ nl: false, rap: false, rh: 0 },
    }));
    const packet = { cmd: "subscribe" as const, messageId: 9, subscriptions };
    const four = await mqtt.connect("c4");
    expect(await four.ask(packet)).toMatchObject({ messageId: 9, granted: [2, 128, 128, 128] });
    const five = await mqtt.connect("c5", { version: 5 });
    expect(await five.ask(packet)).toMatchObject({ granted: [2, 0x8f, 0x87, 0x9e] });
  });

  test("has its identifier with every message", async () => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1", { version: 5 });
    const subscriptions = [{ topic: "a", qos: 0 as const, nl: false, rap: false, rh: 0 }];
    const properties = { subscriptionIdentifier: 5 };
    await client.ask({ cmd: "subscribe", messageId: 1, subscriptions, properties });
    client.publish("a", "x");
    expect(await client.next()).toMatchObject({ properties });
  });

  test("that two filters share is sent once, and ends with the last of them", async () => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1", { version: 5 });
    await client.subscribe("a/b", 1);
    await client.subscribe("a.b", 0);
    client.publish("a/b", "x");
    expect(await client.next()).toMatchObject({ topic: "a/b", qos: 1 });
    const gone = (text: string) =>
      client.ask({ cmd: "unsubscribe", messageId: 2, unsubscriptions: [text] });
    expect(await gone("a/b")).toMatchObject({ granted: [0] });
    client.publish("a/b", "y");
    expect(await client.next()).toMatchObject({ topic: "a.b", qos: 0 });
    expect(await gone("a.b")).toMatchObject({ granted: [0] });
    expect(await gone("a.b")).toMatchObject({ granted: [0x11] });
    client.publish("a/b", "z", { qos: 1, messageId: 3 });
    expect(await client.next()).toMatchObject({ cmd: "puback" });
  });
});

test("a filter is granted where the role may have all below its topic, but not the topic itself", async () => {
  const permissions = [{ ...everything, uri: "com.example." }];
  const { realms } = openRouter([{ name: "anonymous", permissions }]);
  const client = await mqttOn(realms).connect("c1");
  expect(await client.subscribe("com/example/#", 1)).toMatchObject({ granted: [1] });
  expect(await client.subscribe("com/#", 1)).toMatchObject({ granted: [128] });
});

describe("topic filters of a client", () => {
  const filters = (count: number, textOf: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => ({
      topic: textOf(index),
      qos: 0 as const,
      ...{ nl: false, rap: false, rh: 0 },
    }));

  test.each([
    ["by number", 1_000, (index: number) => `a/+/x${index}/#`],
    ["by length", 2, (index: number) => `${"x".repeat(65_500)}${index}`],
  ])("are limited %s, and those that it has go on", async (_how, most, textOf) => {
    const { mqtt } = start({ options: { max_message_size: 1_000_000 } });
    const client = await mqtt.connect("c1", { version: 5 });
    const subscribe = async (subscriptions: ReturnType<typeof filters>) => {
      const packet = { cmd: "subscribe" as const, messageId: 1, subscriptions };
      return ((await client.ask(packet)) as { granted: number[] }).granted;
    };
    const none = Array<number>(most).fill(0);
    expect(await subscribe(filters(most + 2, textOf))).toEqual([...none, 0x97, 0x97]);
    expect(await subscribe(filters(most, textOf))).toEqual(none);
    expect(await subscribe(filters(1, () => "q"))).toEqual(most === 2 ? [0] : [0x97]);
    await client.ask({ cmd: "unsubscribe", messageId: 2, unsubscriptions: [textOf(0)] });
    expect(await subscribe(filters(1, () => "b"))).toEqual([0]);
  });
});

describe("messages to a client", () => {
  test("wait for its acknowledgements", async () => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1", { version: 5, properties: { receiveMaximum: 2 } });
    await client.subscribe("a", 1);
    for (const text of ["1", "2", "3", "4"]) client.publish("a", text);
    const first = await client.next();
    await client.next();
    expect(client.got).toEqual([]);
    client.says({ cmd: "puback", messageId: first.messageId ?? 0 });
    expect(await client.next()).toMatchObject({ payload: event("3") });
    expect(client.got).toEqual([]);
    expect(client.session.bufferedOctets).toBeGreaterThan(0);
  });

  test("of QoS 2 are released", async () => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1");
    await client.subscribe("a", 2);
    client.publish("a", "x");
    const { messageId = 0 } = await client.next();
    const released = await client.ask({ cmd: "pubrec", messageId });
    expect(released).toMatchObject({ cmd: "pubrel", messageId });
    client.says({ cmd: "pubcomp", messageId });
    expect(client.session.bufferedOctets).toBe(0);
  });

  test("that are longer than it takes are left out, and logged", async () => {
    const { log, logged } = keptLog("warn");
    const { mqtt } = start({ log });
    const client = await mqtt.connect("c1", { version: 5, properties: { maximumPacketSize: 100 } });
    await client.subscribe("a", 0);
    client.publish("a", "x".repeat(200));
    client.publish("a", "y");
    expect(await client.next()).toMatchObject({ payload: event("y") });
    expect(logged[0]?.[0]).toBe("mqtt client misses a message");
  });
});

describe("a call", () => {
  test("is answered to the caller alone, with its correlation data", async () => {
    const { router, mqtt } = start();
    const callee = await router.join({ serializer: "cbor" });
    await ask(callee, [M.REGISTER, 1, {}, "a.add"]);
    const client = await mqtt.connect("c1", { version: 5 });
    const correlationData = Buffer.from("c1");
    const properties = { responseTopic: "re/1", correlationData };
    client.publish("a/add", "x", { qos: 1, messageId: 3, properties });
    const [, request, , details, payload] = await callee.next();
    expect([details, payload]).toEqual([{ enc_algo: "mqtt" }, event("x")]);
    callee.says([M.YIELD, request, {}, ["done"]]);
    expect(await client.next()).toMatchObject({
      topic: "re/1",
      payload: event("done"),
      properties: { correlationData },
    });
    expect(await client.next()).toMatchObject({ cmd: "puback", messageId: 3 });
    client.publish("a/none", "x", { properties });
    const userProperties = { "wamp.error": "wamp.error.no_such_procedure" };
    expect(await client.next()).toMatchObject({ topic: "re/1", properties: { userProperties } });
  });

  test("is answered where the answer just fits, and its properties count until PUBACK", async () => {
    const { mqtt } = start();
    const room = { maximumPacketSize: 1_200 };
    const client = await mqtt.connect("c1", { version: 5, properties: room });
    const correlationData = Buffer.alloc(1_000, "x");
    const properties = { responseTopic: "re/1", correlationData };
    client.publish("a/none", "x", { qos: 1, messageId: 3, properties });
    const { messageId } = (await client.next()) as { messageId: number };
    expect(client.session.bufferedOctets).toBeGreaterThan(1_000);
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    client.says({ cmd: "puback", messageId });
    expect(client.session.bufferedOctets).toBe(0);
  });
});

describe("a will", () => {
  const will = { topic: "a/will", payload: Buffer.from("gone"), qos: 1 as const, retain: false };

  test("is published when the connection is lost", async () => {
    const started = start();
    const peer = await listener(started);
    const client = await started.mqtt.connect("c1", { will });
    client.lose();
    expect((await peer.next()).slice(3)).toEqual([
      { topic: "a.will", enc_algo: "mqtt" },
      event("gone"),
    ]);
  });

  test("is published when the client breaks the protocol", async () => {
    const started = start();
    const peer = await listener(started);
    const client = await started.mqtt.connect("c1", { will });
    client.saysHex("30 02 0000");
    expect((await peer.next())[4]).toEqual(event("gone"));
  });

  test("has no effect after DISCONNECT, but for that of version 5 with the will", async () => {
    const started = start();
    const peer = await listener(started);
    const client = await started.mqtt.connect("c1", { will });
    client.says({ cmd: "disconnect" });
    await client.untilEnded();
    const five = await started.mqtt.connect("c1", { version: 5, will });
    five.says({ cmd: "disconnect", reasonCode: 4 });
    await five.untilEnded();
    expect((await peer.next())[4]).toEqual(event("gone"));
    expect(peer.take()).toEqual([]);
  });
});

describe("a session that is kept", () => {
  const kept = { clean: false };

  test("gets what it has missed, and what it has not acknowledged, in order", async () => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1", kept);
    expect(client.connack).toMatchObject({ sessionPresent: false, returnCode: 0 });
    await client.subscribe("a", 1);
    const other = await mqtt.connect("c2");
    other.publish("a", "1");
    expect(await client.next()).toMatchObject({ payload: event("1"), dup: false });
    client.lose();
    for (const text of ["2", "3"]) other.publish("a", text);
    const again = await mqtt.connect("c1", kept);
    expect(again.connack).toMatchObject({ sessionPresent: true });
    expect(await again.next()).toMatchObject({ payload: event("1"), dup: true });
    expect(await again.next()).toMatchObject({ payload: event("2"), dup: false });
    expect(await again.next()).toMatchObject({ payload: event("3"), dup: false });
    other.publish("a", "4");
    expect(await again.next()).toMatchObject({ payload: event("4") });
  });

  test("is not that of another user, another version or a clean start", async () => {
    const { mqtt } = start();
    const user = (name: string) => ({ username: name, password: Buffer.from(name) });
    const joe = await mqtt.connect("c1", { ...kept, ...user("joe") });
    joe.lose();
    const present = async (more: object) =>
      (await mqtt.connect("c1", more)).connack as { sessionPresent?: boolean };
    expect(await present({ ...kept, ...user("ann") })).toMatchObject({ sessionPresent: false });
    expect(await present(kept)).toMatchObject({ sessionPresent: false });
    expect(await present({ ...kept, ...user("joe") })).toMatchObject({ sessionPresent: true });
    const other = { version: 5 as const, clean: false, ...user("joe") };
    expect(await present(other)).toMatchObject({ sessionPresent: false });
    (await mqtt.connect("c1", { ...kept, ...user("joe") })).lose();
    expect(await present({ clean: true, ...user("joe") })).toMatchObject({ sessionPresent: false });
  });

  test("is given up when it would miss something, which the client is told", async () => {
    const { log, logged } = keptLog("warn");
    const { mqtt } = start({ log });
    const client = await mqtt.connect("c1", kept);
    await client.subscribe("a", 1);
    client.lose();
    const other = await mqtt.connect("c2");
    for (let index = 0; index < 6; index++) other.publish("a", String(index));
    await Bun.sleep(0);
    expect(logged[0]?.[0]).toBe("mqtt session given up");
    const again = await mqtt.connect("c1", kept);
    expect(again.connack).toMatchObject({ sessionPresent: false });
  });

  test("ends after its time, and is one of few", async () => {
    const advance = fakeTime();
    const { router, mqtt } = start();
    const sessions = () => router.realms.get("realm1")?.sessions.size;
    for (const id of ["c1", "c2", "c3"]) {
      const client = await mqtt.connect(id, kept);
      client.lose();
    }
    // Two are kept at most.
    expect(sessions()).toBe(2);
    advance(59_000);
    expect(sessions()).toBe(2);
    advance(1_000);
    expect(sessions()).toBe(0);
  });

  test("ends with a DISCONNECT that wants it to", async () => {
    const { router, mqtt } = start();
    const properties = { sessionExpiryInterval: 30 };
    const client = await mqtt.connect("c1", { version: 5, clean: false, properties });
    expect(client.connack).toMatchObject({ properties });
    client.says({ cmd: "disconnect", reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await client.untilEnded();
    await Bun.sleep(0);
    expect(router.realms.get("realm1")?.sessions.size).toBe(0);
  });

  test("has its will delayed, and not published if the client comes in time", async () => {
    const advance = fakeTime();
    const started = start();
    const peer = await listener(started);
    const properties = { sessionExpiryInterval: 60 };
    const will = {
      topic: "a/will",
      payload: Buffer.from("gone"),
      qos: 0 as const,
      retain: false,
      properties: { willDelayInterval: 10 },
    };
    const connect = () =>
      started.mqtt.connect("c1", { version: 5, clean: false, properties, will });
    (await connect()).lose();
    advance(9_000);
    const again = await connect();
    expect(again.connack).toMatchObject({ sessionPresent: true });
    advance(10_000);
    expect(peer.take()).toEqual([]);
    again.lose();
    advance(10_000);
    expect((await peer.next())[4]).toEqual(event("gone"));
  });

  test.each([
    [0, [event("gone")]],
    [10, []],
  ])("that is taken over publishes a will with a delay of %d s: %j", async (delay, published) => {
    const started = start();
    const peer = await listener(started);
    const will = { ...sentWill, properties: { willDelayInterval: delay } };
    const connect = () => started.mqtt.connect("c1", { ...keptFive, will });
    await connect();
    expect((await connect()).connack).toMatchObject({ sessionPresent: true });
    await Bun.sleep(0);
    expect(peer.take().map(([, , , , payload]) => payload)).toEqual(published);
  });

  test("has its will published when it is given up", async () => {
    const started = start();
    const peer = await listener(started);
    const will = { ...sentWill, properties: { willDelayInterval: 10 } };
    const client = await started.mqtt.connect("c1", { ...keptFive, will });
    await client.subscribe("b", 1);
    client.lose();
    const other = await started.mqtt.connect("c2");
    for (let index = 0; index < 6; index++) other.publish("b", String(index));
    expect((await peer.next())[4]).toEqual(event("gone"));
  });

  test("is given up for payloads that wait to be made, and makes no more of them then", async () => {
    const made: unknown[] = [];
    const answers: (() => void)[] = [];
    const codec: WampCaller = {
      async request({ payload: { items } }) {
        made.push(items);
        await new Promise<void>((resolve) => answers.push(resolve));
        return resultOf("x");
      },
      subscribe: () => Promise.reject(new Error("not here")),
    };
    const { log, logged } = keptLog("warn");
    const { router, mqtt } = start({ log, codec });
    const client = await mqtt.connect("c1", kept);
    await client.subscribe("made/a", 1);
    client.lose();
    const publisher = await router.join({ serializer: "cbor" });
    for (let index = 0; index < 6; index++) {
      await ask(publisher, [M.PUBLISH, index + 1, { acknowledge: true }, "made.a", [index]]);
    }
    expect(logged[0]).toMatchObject(["mqtt session given up", { messages: 6 }]);
    answers[0]?.();
    await Bun.sleep(1);
    expect(made).toHaveLength(1);
  });

  test.each(["its time", "a clean start"])(
    "ends at %s behind a will that is decoded",
    async (by) => {
      const advance = fakeTime();
      const codec: WampCaller = {
        async request() {
          await undefined;
          return resultOf({ args: ["made"] });
        },
        subscribe: () => Promise.reject(new Error("not here")),
      };
      const started = start({ codec });
      const peer = await listener(started, "made");
      const will = { ...sentWill, topic: "made/w", properties: { willDelayInterval: 60 } };
      const client = await started.mqtt.connect("c1", { ...keptFive, will });
      if (by === "its time") {
        client.lose();
        advance(60_000);
      } else await started.mqtt.connect("c1", { version: 5, clean: true });
      expect((await peer.next())[4]).toEqual(["made"]);
      for (let turn = 0; turn < 20; turn++) await undefined;
      const left = by === "its time" ? 1 : 2;
      expect(started.router.realms.get("realm1")?.sessions.size).toBe(left);
    },
  );
});

describe("a client", () => {
  test("takes the place of another connection with its id", async () => {
    const { router, mqtt } = start();
    const five = { version: 5 as const };
    const first = await mqtt.connect("c1", five);
    await mqtt.connect("c1", five);
    expect(await first.next()).toMatchObject({ cmd: "disconnect", reasonCode: 0x8e });
    await Bun.sleep(0);
    expect(router.realms.get("realm1")?.sessions.size).toBe(1);
  });

  test("is given an id where it has none", async () => {
    const { mqtt } = start();
    const { connack } = await mqtt.connect("", { version: 5 });
    const assignedClientIdentifier = expect.stringMatching(/^auto-/);
    expect(connack).toMatchObject({ properties: { assignedClientIdentifier } });
    const refused = mqtt.open();
    refused.saysHex("10 0c 0004 4d515454 04 00 003c 0000");
    expect(await refused.next()).toMatchObject({ cmd: "connack", returnCode: 2 });
  });

  test.each([
    [4, { returnCode: 4 }],
    [5, { reasonCode: 0x86 }],
  ] as const)("with a wrong password is refused in version %d", async (version, answer) => {
    const { mqtt } = start();
    const password = Buffer.from("wrong");
    const { connack, ...client } = await mqtt.connect("c1", { version, username: "joe", password });
    expect(connack).toMatchObject(answer);
    expect(client.got).toEqual([]);
  });

  test("that says nothing for one and a half times its keep-alive is ended", async () => {
    const advance = fakeTime();
    const { mqtt } = start();
    const client = await mqtt.connect("c1", { version: 5, keepalive: 10 });
    advance(14_000);
    expect(await client.ask({ cmd: "pingreq" })).toMatchObject({ cmd: "pingresp" });
    advance(14_000);
    expect(client.ended).toBeUndefined();
    advance(3_000);
    expect(client.ended).toBe("no sign of life of the client");
    expect(client.got[0]).toMatchObject({ cmd: "disconnect", reasonCode: 0x8d });
  });

  test("is read no further while it takes no answers", async () => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1");
    client.takes = false;
    client.says({ cmd: "pingreq" });
    expect(client.isPaused).toBe(true);
    client.takes = true;
    client.client.drained();
    expect(client.isPaused).toBe(false);
  });

  test("is told why its session ends", async () => {
    const { router, mqtt } = start();
    const client = await mqtt.connect("c1", { version: 5 });
    const [session] = router.realms.get("realm1")?.sessions.values() ?? [];
    session?.kill({ reason: "com.example.go", message: "Go", forgetsLogin: false });
    expect(await client.next()).toMatchObject({ cmd: "disconnect", reasonCode: 0x80 });
    await client.untilEnded();
  });

  test("is read no further while many publications wait", async () => {
    const requests: Uint8Array[] = [];
    const router = openRouter([role as never]);
    const mqtt = mqttOn(router.realms, {
      accept: () => ({
        onMessage: (message) => void requests.push(Uint8Array.from(message)),
        onDrain() {},
        onClose() {},
      }),
    });
    const client = mqtt.open();
    client.says({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clientId: "c",
      clean: true,
      keepalive: 0,
    });
    // WELCOME
    client.session.send(Uint8Array.of(0x83, 0x02, 0x01, 0xa0));
    await client.next();
    requests.length = 0;
    for (let id = 1; id <= 20; id++) client.publish("a", "x", { qos: 1, messageId: id });
    await Bun.sleep(0);
    expect(requests).toHaveLength(10);
    // PUBLISHED
    client.session.send(Uint8Array.of(0x83, 0x11, 0x01, 0x05));
    expect(await client.next()).toMatchObject({ cmd: "puback", messageId: 1 });
    await Bun.sleep(1);
    expect(requests).toHaveLength(11);
  });
});
