/** How events are printed, and what the listeners of one path share. */

import { describe, expect, test } from "bun:test";
import { EventListener, type ListenerOwner } from "#transport/web/event-stream/event-listener.ts";
import { eventText } from "#transport/web/event-stream/event-text.ts";
import { TooManyTopics, TopicFeeds } from "#transport/web/event-stream/topic-feed.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import type { TopicReceiver, WampSubscription } from "#wamp/wamp-caller.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

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
  const all = new TopicFeeds(caller, "realm1", log);
  return { all, receivers, ended, logged };
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
const user = { role: "user" };

describe("the feeds of a path", () => {
  test("subscribe once for all listeners, and end with the last", async () => {
    const { all, receivers, ended } = feeds();
    const [one, other] = [sink(), sink()];
    const [first, second] = [all.join(topic, user, one), all.join(topic, user, other)];
    await Promise.all([first.subscribed, second.subscribed]);
    expect(receivers.length).toBe(1);
    first.leave();
    receivers[0]?.onEvent({ topic: "a.b", payload: json("[1]") });
    expect([one.got.length, other.got.length]).toEqual([0, 1]);
    expect(ended).toEqual([]);
    second.leave();
    expect(ended).toEqual(["a.b"]);
    await all.join(topic, user, one).subscribed;
    expect(receivers.length).toBe(2);
  });

  test("subscribe for each client and role of its own", async () => {
    const { all, receivers } = feeds();
    const as = (authid: string) => ({ authid, authmethod: "bearer", authprovider: "a" });
    const identities = [
      user,
      { role: "guest" },
      { role: "user", principal: as("alice") },
      { role: "user", principal: as("bob") },
      { role: "guest", principal: as("bob") },
    ];
    for (const identity of [...identities, ...identities]) {
      await all.join(topic, identity, sink()).subscribed;
    }
    expect(receivers.length).toBe(5);
  });

  test("ask a router that does not answer once, however many listeners come and go", async () => {
    const answer = Promise.withResolvers<void>();
    const { all, receivers, ended } = feeds(answer.promise);
    const one = sink();
    for (let count = 0; count < 10; count++) all.join(topic, user, one).leave();
    receivers[0]?.onEvent({ topic: "a.b", payload: json("[1]") });
    expect([receivers.length, one.got, ended]).toEqual([1, [], []]);
    const { subscribed, leave } = all.join(topic, user, one);
    leave();
    answer.resolve();
    await subscribed;
    await Promise.resolve();
    expect(ended).toEqual(["a.b"]);
  });

  test("end for every listener with the router, and begin anew", async () => {
    const { all, receivers } = feeds();
    const one = sink();
    await all.join(topic, user, one).subscribed;
    receivers[0]?.onEnd("the router is gone");
    expect(one.got).toEqual(["end"]);
    await all.join(topic, user, one).subscribed;
    expect(receivers.length).toBe(2);
  });

  test("that cannot begin fail for all who wait, and are tried anew", async () => {
    const { all, receivers } = feeds(Promise.reject(new Error("no router")));
    const failures = await Promise.all(
      [sink(), sink()].map((one) =>
        all.join(topic, user, one).subscribed.catch((thrown) => thrown.message),
      ),
    );
    expect(failures).toEqual(["no router", "no router"]);
    await all.join(topic, user, sink()).subscribed.catch(() => {});
    expect(receivers.length).toBe(2);
  });

  test("leave out what JSON cannot represent, and say so", async () => {
    const { all, receivers, logged } = feeds();
    const one = sink();
    await all.join(topic, user, one).subscribed;
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
      await all.join({ topic: `t${count}`, match: "exact" }, user, one).subscribed;
    }
    expect(() => all.join({ topic: "more", match: "exact" }, user, one)).toThrow(TooManyTopics);
  });
});

/** A listener whose client and path are the test. */
function listener() {
  const socket = new ScriptedSocket();
  const options = { stall_timeout: 0, max_outgoing: 1e9, max_buffered: 1e6, retry: 1000 };
  const over: EventListener[] = [];
  const owner = { options, log: quiet, noteOver: (one: EventListener) => over.push(one) };
  const streamed = {
    request: {
      method: "GET",
      url: new URL("http://localhost/"),
      headers: new Headers(),
      isHttp10: false,
      framing: { kind: "length", octets: 0 },
      peer: "tcp4:127.0.0.1:1",
      isSecure: false,
    },
    socket,
    readNextRequest() {},
    octetsAfterHead: Buffer.alloc(0),
  };
  const one = new EventListener(
    streamed as unknown as StreamedRequest,
    owner as unknown as ListenerOwner,
  );
  return { one, socket, over };
}

test("a stream that has lost a topic before it began ends at once", () => {
  const { one, socket, over } = listener();
  one.onFeedEnd();
  expect(over).toEqual([]);
  one.begin({}, "events follow");
  expect(socket.text).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(over).toEqual([one]);
});

test("a stream ends with the right of its client, at an event or a heartbeat", () => {
  const pass = fakeTime();
  const event = Buffer.from("data: 1\n\n");
  for (const tell of [
    (one: EventListener) => one.onEventText(event),
    (one: EventListener) => one.beat(),
  ]) {
    const { one, socket, over } = listener();
    one.listenWith({ role: "user", until: Date.now() + 1_000 });
    one.begin({}, "events follow");
    pass(999);
    one.onEventText(event);
    expect(over).toEqual([]);
    pass(1);
    tell(one);
    expect([over, socket.text.match(/data/g)?.length]).toEqual([[one], 1]);
  }
  const { one, over } = listener();
  let holds = true;
  one.listenWith({ role: "user", holds: () => holds });
  one.begin({}, "events follow");
  one.beat();
  expect(over).toEqual([]);
  holds = false;
  one.beat();
  expect(over).toEqual([one]);
});
