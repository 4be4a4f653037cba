/** How events are printed, and what the listeners of one path share. */

import { describe, expect, test } from "bun:test";
import { eventText } from "#transport/web/event-stream/event-text.ts";
import { TooManyTopics, TopicFeeds } from "#transport/web/event-stream/topic-feed.ts";
import type { TopicReceiver, WampSubscription } from "#wamp/wamp-caller.ts";
import { keptLog } from "../../../support/kept-log.ts";

const json = (...items: string[]) => ({
  serializer: "json" as const,
  items: items.map((item) => Buffer.from(item)),
});

test.each([
  [json(), 'data: {"topic":"a.\\"b","args":[],"kwargs":{}}\n\n'],
  [
    json("[1,\r\n2]", '{\n"k":"\\n"}'),
    'data: {"topic":"a.\\"b","args":[1,  2],"kwargs":{ "k":"\\n"}}\n\n',
  ],
])("an event is one line, whatever its JSON: %#", (payload, text) => {
  expect(eventText({ topic: 'a."b', payload }).toString()).toBe(text);
});

/** Feeds whose router is the test. */
function feeds(answer: Promise<void> = Promise.resolve()) {
  const receivers: TopicReceiver[] = [];
  const ended: string[] = [];
  const { log, logged } = keptLog("warn");
  const caller = {
    request: () => Promise.reject(new Error("nothing is called")),
    subscribe: async ({ pattern, receiver }: WampSubscription) => {
      receivers.push(receiver);
      await answer;
      return () => void ended.push(pattern.topic);
    },
  };
  const identity = { realm: "realm1", role: "user" };
  return { all: new TopicFeeds(caller, identity, log), receivers, ended, logged };
}

function sink() {
  const got: string[] = [];
  return {
    got,
    onEventText: (octets: Uint8Array) => got.push(Buffer.from(octets).toString()),
    onFeedEnd: () => got.push("end"),
  };
}

const topic = { topic: "a.b", match: "exact" as const };

describe("the feeds of a path", () => {
  test("subscribe once for all listeners, and end with the last", async () => {
    const { all, receivers, ended } = feeds();
    const [one, other] = [sink(), sink()];
    const leaves = await Promise.all([all.join(topic, one), all.join(topic, other)]);
    expect(receivers.length).toBe(1);
    leaves[0]?.();
    receivers[0]?.onEvent({ topic: "a.b", payload: json("[1]") });
    expect([one.got.length, other.got.length]).toEqual([0, 1]);
    expect(ended).toEqual([]);
    leaves[1]?.();
    await Promise.resolve();
    expect(ended).toEqual(["a.b"]);
    await all.join(topic, one);
    expect(receivers.length).toBe(2);
  });

  test("end for every listener with the router, and begin anew", async () => {
    const { all, receivers } = feeds();
    const one = sink();
    await all.join(topic, one);
    receivers[0]?.onEnd("the router is gone");
    expect(one.got).toEqual(["end"]);
    await all.join(topic, one);
    expect(receivers.length).toBe(2);
  });

  test("that cannot begin fail for all who wait, and are tried anew", async () => {
    const { all, receivers } = feeds(Promise.reject(new Error("no router")));
    const failures = await Promise.all(
      [sink(), sink()].map((one) => all.join(topic, one).catch((thrown) => thrown.message)),
    );
    expect(failures).toEqual(["no router", "no router"]);
    await all.join(topic, sink()).catch(() => {});
    expect(receivers.length).toBe(2);
  });

  test("leave out what JSON cannot represent, and say so", async () => {
    const { all, receivers, logged } = feeds();
    const one = sink();
    await all.join(topic, one);
    // A tag of CBOR that nothing knows.
    const payload = { serializer: "cbor" as const, items: [Buffer.from("81d9ffff01", "hex")] };
    receivers[0]?.onEvent({ topic: "a.b", payload });
    expect(one.got).toEqual([]);
    expect(logged.map(([event]) => event)).toEqual(["event left out"]);
  });

  test("are no more than 10,000", async () => {
    const { all } = feeds();
    const one = sink();
    for (let count = 0; count < 10_000; count++) {
      await all.join({ topic: `t${count}`, match: "exact" }, one);
    }
    const refused = await all
      .join({ topic: "more", match: "exact" }, one)
      .catch((thrown) => thrown);
    expect(refused).toBeInstanceOf(TooManyTopics);
  });
});
