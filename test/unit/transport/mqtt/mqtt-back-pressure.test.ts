/** MQTT clients that take too little: when the worker's session learns that less waits. */

import { expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { mqttOn, type TriedClient } from "../../../support/mqtt-harness.ts";
import { openRouter } from "../../../support/router-harness.ts";

const kept = { version: 5 as const, clean: false, properties: { sessionExpiryInterval: 60 } };

/** MQTT clients of a worker's session that counts how often it may go on. */
function start() {
  const worker = { drains: 0 };
  const mqtt = mqttOn(openRouter([]).realms, {
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
  return { worker, mqtt };
}

/** Sends an event of 600 octets; false: too much waits. */
function sendEvent({ session }: TriedClient): boolean {
  return session.send(encodeMessage([M.EVENT, 5, 6, {}, ["x".repeat(600)]], "cbor"));
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
