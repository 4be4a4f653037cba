/** Long-poll clients of a proxy that receive slowly, or not at all, while its router has much for them. */

import { expect, test } from "bun:test";
import type { LongPollOptions } from "#config/web-service/longpoll-config.ts";
import { awaitedLog } from "../support/awaited-log.ts";
import { socketPath, startRouter } from "../support/joinable-node.ts";
import { PollClient } from "../support/longpoll-client.ts";
import { longPollPath, longPollTransport } from "../support/longpoll-transports.ts";
import { connectionTo, startProxy } from "../support/proxy-worker.ts";

const TOPIC = "com.example.topic";

/** A client that has subscribed through a proxy, and one that publishes. */
async function subscribed(options: Partial<LongPollOptions>) {
  const path = socketPath();
  await startRouter(path);
  const auth = { anonymous: { type: "static" as const, role: "user" } };
  const { log, until } = awaitedLog();
  const parts = {
    connections: { router: connectionTo("router", path) },
    routes: { realm1: { user: ["router"] } },
    transports: [longPollTransport(longPollPath(options, { auth }))],
  };
  const proxy = await startProxy(parts, { log });
  const port = Number(new URL(proxy.url).port);
  const [client, publisher] = [await PollClient.open(port), await PollClient.open(port)];
  await client.join();
  await publisher.join();
  await client.says([32, 1, {}, TOPIC]);
  expect((await client.next())[0]).toBe(33);
  /** Publishes numbers, the last one with an acknowledgement. */
  const publish = async (count: number) => {
    for (let index = 1; index < count; index += 1) {
      await publisher.says([16, index, {}, TOPIC, [index]]);
    }
    await publisher.says([16, count, { acknowledge: true }, TOPIC, [count]]);
    expect((await publisher.next())[0]).toBe(17);
  };
  return { client, publish, until };
}

test("a client that receives one by one misses nothing of many events", async () => {
  const { client, publish } = await subscribed({ queue_limit_messages: 4 });
  await publish(200);
  const numbers: unknown[] = [];
  while (numbers.length < 200) {
    const [, , , , args] = await client.next();
    numbers.push(...(args as unknown[]));
  }
  expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
}, 30_000);

test("a client that receives nothing is closed, and told so when it comes", async () => {
  const limits = { queue_limit_messages: 4, stall_timeout: 50 };
  const { client, publish, until } = await subscribed(limits);
  await publish(20);
  await until(/stalled/);
  let answer = await client.post("receive");
  while (answer.status === 200) answer = await client.post("receive");
  expect([answer.status, answer.text]).toEqual([
    410,
    "The session has ended: crossproxy.close.client_stalled.\n",
  ]);
});
