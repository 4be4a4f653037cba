/** MQTT clients that take little: when the worker's session learns that less waits, and what comes again. */

import { expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { mqttOn, type TriedClient } from "../../../support/mqtt-harness.ts";
import { openRouter } from "../../../support/router-harness.ts";

const kept = { version: 5 as const, clean: false, properties: { sessionExpiryInterval: 60 } };

/** MQTT clients of a worker's session that counts how often it may go on. */
function start() {
  const worker = { drains: 0 };
  const { log, logged } = keptLog("warn");
  const mqtt = mqttOn(openRouter([]).realms, {
    log,
    options: { max_buffered: 500, max_queued_octets: 100_000 },
    accept: (session) => ({
      onMessage(message) {
        const [type, request] = decodeMessage(Uint8Array.from(message), "cbor");
        if (type === M.HELLO) session.send(encodeMessage([M.WELCOME, 1, {}], "cbor"));
        if (type === M.SUBSCRIBE) session.send(encodeMessage([M.SUBSCRIBED, request, 5], "cbor"));
      },
      onDrain() {
        worker.drains += 1;
      },
      onClose() {},
    }),
  });
  return { worker, mqtt, logged };
}

/** Sends an event, of 600 octets unless another text is given; false: too much waits. */
function sendEvent({ session }: TriedClient, text = "x".repeat(600)): boolean {
  return session.send(encodeMessage([M.EVENT, 5, 6, {}, [text]], "cbor"));
}

/** What a client got since it was asked last: the texts of publications, and names of other packets. */
function taken({ got }: TriedClient): string[] {
  return got
    .splice(0)
    .map((packet) => (packet.cmd === "publish" ? String(packet.payload) : packet.cmd));
}

test("the session of a client that goes away is not behind any more", async () => {
  const { worker, mqtt } = start();
  const client = await mqtt.connect("c1", kept);
  await client.subscribe("a", 1);
  expect(sendEvent(client)).toBe(false);
  client.lose();
  expect(worker.drains).toBe(1);
  expect(sendEvent(client)).toBe(true);
});

test("a session that the next connection takes over is not behind any more", async () => {
  const { worker, mqtt } = start();
  const client = await mqtt.connect("c1", kept);
  await client.subscribe("a", 1);
  expect(sendEvent(client)).toBe(false);
  const again = await mqtt.connect("c1", kept);
  expect(again.connack).toMatchObject({ sessionPresent: true });
  expect(worker.drains).toBe(1);
  expect(sendEvent(client)).toBe(false);
});

test("a client that refuses what waits has taken it", async () => {
  const { worker, mqtt } = start();
  const client = await mqtt.connect("c1", kept);
  await client.subscribe("a", 2);
  expect(sendEvent(client)).toBe(false);
  const { messageId = 0 } = await client.next();
  client.says({ cmd: "pubrec", messageId, reasonCode: 0x80 });
  expect(worker.drains).toBe(1);
});

test.each([1, 2] as const)(
  "no more of QoS %d comes again at once than a new connection takes",
  async (qos) => {
    const { mqtt } = start();
    const client = await mqtt.connect("c1", kept);
    await client.subscribe("a", qos);
    for (const text of ["1", "2", "3"]) sendEvent(client, text);
    const ids = client.got.map((packet) => (packet as { messageId: number }).messageId);
    expect(taken(client)).toEqual(["1", "2", "3"]);
    client.lose();
    sendEvent(client, "4");
    const properties = { ...kept.properties, receiveMaximum: 1 };
    const again = await mqtt.connect("c1", { ...kept, properties });
    expect(taken(again)).toEqual(["1"]);
    const cmd = qos === 1 ? "puback" : "pubcomp";
    again.says({ cmd, messageId: ids[0] ?? 0 });
    expect(taken(again)).toEqual(["2"]);
    // One that has come all the same is not sent again.
    again.says({ cmd, messageId: ids[2] ?? 0 });
    expect(taken(again)).toEqual([]);
    again.says({ cmd, messageId: ids[1] ?? 0 });
    expect(taken(again)).toEqual(["4"]);
  },
);

test("what a client has got but not released comes again as PUBREL alone", async () => {
  const { mqtt } = start();
  const client = await mqtt.connect("c1", kept);
  await client.subscribe("a", 2);
  for (const text of ["1", "2"]) sendEvent(client, text);
  client.says({ cmd: "pubrec", messageId: 1 });
  client.lose();
  expect(taken(await mqtt.connect("c1", kept))).toEqual(["pubrel", "2"]);
});

test("what is longer than a new connection takes is left out, and logged", async () => {
  const { mqtt, logged } = start();
  const client = await mqtt.connect("c1", kept);
  await client.subscribe("a", 1);
  sendEvent(client);
  client.lose();
  sendEvent(client);
  sendEvent(client, "1");
  const properties = { ...kept.properties, maximumPacketSize: 100 };
  const again = await mqtt.connect("c1", { ...kept, properties });
  expect(taken(again)).toEqual(["1"]);
  const reason = "the client takes no packets that are so long";
  expect(logged.map(([, fields]) => fields)).toMatchObject([
    { uri: "a", reason },
    { uri: "a", reason },
  ]);
  again.says({ cmd: "puback", messageId: 3 });
  expect(client.session.bufferedOctets).toBe(0);
});
