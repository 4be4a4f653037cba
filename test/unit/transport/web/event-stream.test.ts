/** How events are printed, and what the listeners of one path share. */

import { describe, expect, test } from "bun:test";
import { EventListener, type ListenerOwner } from "#transport/web/event-stream/event-listener.ts";
import { eventText, type PrintedEvent } from "#transport/web/event-stream/event-text.ts";
import type { StreamStart } from "#transport/web/event-stream/stream-start.ts";
import { TooManyTopics, TopicFeeds } from "#transport/web/event-stream/topic-feeds.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import type { TopicReceiver, WampAnswer, WampSubscription } from "#wamp/wamp-caller.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";
import { turnEnd } from "../../../support/turn-end.ts";

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
  const { publication, octets, data } = eventText({ publication: 7, topic: 'a."b', payload });
  expect([publication, octets.toString(), data.toString()]).toEqual([7, `id: 7\n${text}`, text]);
});

/** An event of a topic. */
const event = (publication: number, args = `[${publication}]`) => ({
  publication,
  topic: "a.b",
  payload: json(args),
});

const NO_EVENTS: WampAnswer = {
  kind: "error",
  uri: "wamp.error.no_such_procedure",
  payload: json(),
};

/** What a router answers that keeps these events. */
const keeping = (...publications: number[]): WampAnswer => {
  const kept = publications.map((publication) => ({
    publication,
    topic: "a.b",
    args: [publication],
  }));
  return { kind: "result", payload: json(JSON.stringify([kept.toReversed()])) };
};

/** Feeds whose router is the test; `kept` answers how many events it is asked for. */
function feeds(
  answer: Promise<void> = Promise.resolve(),
  kept: (most: number) => WampAnswer | Promise<WampAnswer> = () => NO_EVENTS,
) {
  const receivers: TopicReceiver[] = [];
  const ended: string[] = [];
  const { log, logged } = keptLog("warn");
  const caller = {
    request: () => Promise.reject(new Error("nothing is called")),
    subscribe: async ({ pattern, receiver }: WampSubscription) => {
      receivers.push(receiver);
      await answer;
      const leave = () => void ended.push(pattern.topic);
      return { leave, keptEvents: async (most: number) => kept(most) };
    },
  };
  const all = new TopicFeeds(caller, "realm1", log);
  return { all, receivers, ended, logged };
}

function sink() {
  const got: string[] = [];
  return {
    got,
    onTopicEvent: (topic: number, { publication }: PrintedEvent) =>
      got.push(`${topic} ${publication}`),
    onFeedEnd: () => got.push("end"),
  };
}

const topic = { topic: "a.b", match: "exact" as const };
const user = { role: "user" };

describe("the feeds of a path", () => {
  test("subscribe once for all listeners, and end with the last", async () => {
    const { all, receivers, ended } = feeds();
    const [one, other] = [sink(), sink()];
    const [first, second] = [all.join(topic, user, one, 0), all.join(topic, user, other, 3)];
    await Promise.all([first.feed.subscribed, second.feed.subscribed]);
    expect(receivers.length).toBe(1);
    first.leave();
    receivers[0]?.onEvent(event(7));
    expect([one.got, other.got]).toEqual([[], ["3 7"]]);
    expect(ended).toEqual([]);
    second.leave();
    expect(ended).toEqual(["a.b"]);
    await all.join(topic, user, one, 0).feed.subscribed;
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
      await all.join(topic, identity, sink(), 0).feed.subscribed;
    }
    expect(receivers.length).toBe(5);
  });

  test("ask a router that does not answer once, however many listeners come and go", async () => {
    const answer = Promise.withResolvers<void>();
    const { all, receivers, ended } = feeds(answer.promise);
    const one = sink();
    for (let count = 0; count < 10; count++) all.join(topic, user, one, 0).leave();
    receivers[0]?.onEvent(event(7));
    expect([receivers.length, one.got, ended]).toEqual([1, [], []]);
    const { feed, leave } = all.join(topic, user, one, 0);
    leave();
    answer.resolve();
    await feed.subscribed;
    await Promise.resolve();
    expect(ended).toEqual(["a.b"]);
  });

  test("end for every listener with the router, and begin anew", async () => {
    const { all, receivers } = feeds();
    const one = sink();
    await all.join(topic, user, one, 0).feed.subscribed;
    receivers[0]?.onEnd("the router is gone");
    expect(one.got).toEqual(["end"]);
    await all.join(topic, user, one, 0).feed.subscribed;
    expect(receivers.length).toBe(2);
  });

  test("that cannot begin fail for all who wait, and are tried anew", async () => {
    const { all, receivers } = feeds(Promise.reject(new Error("no router")));
    const failures = await Promise.all(
      [sink(), sink()].map((one) =>
        all.join(topic, user, one, 0).feed.subscribed.catch((thrown) => thrown.message),
      ),
    );
    expect(failures).toEqual(["no router", "no router"]);
    await all.join(topic, user, sink(), 0).feed.subscribed.catch(() => {});
    expect(receivers.length).toBe(2);
  });

  test("leave out what JSON cannot represent, and say so", async () => {
    const { all, receivers, logged } = feeds();
    const one = sink();
    await all.join(topic, user, one, 0).feed.subscribed;
    // A tag of CBOR that nothing knows.
    const payload = { serializer: "cbor" as const, items: [Buffer.from("81d9ffff01", "hex")] };
    receivers[0]?.onEvent({ publication: 7, topic: "a.b", payload });
    expect(one.got).toEqual([]);
    expect(logged.map(([event]) => event)).toEqual(["event left out"]);
  });

  test("are no more than 10,000", async () => {
    const { all } = feeds();
    const one = sink();
    for (let count = 0; count < 10_000; count++) {
      await all.join({ topic: `t${count}`, match: "exact" }, user, one, 0).feed.subscribed;
    }
    expect(() => all.join({ topic: "more", match: "exact" }, user, one, 0)).toThrow(TooManyTopics);
  });
});

describe("a feed", () => {
  const positionAfter = async (kept: WampAnswer | Promise<WampAnswer>) => {
    const { feed } = feeds(undefined, () => kept).all.join(topic, user, sink(), 0);
    await feed.subscribed;
    return feed.position;
  };

  test("knows where it is, if the router keeps events and may be asked", async () => {
    expect(await positionAfter(keeping(5))).toBe(5);
    expect(await positionAfter(keeping())).toBe(0);
    expect(await positionAfter(NO_EVENTS)).toBeNull();
    expect(await positionAfter(Promise.reject(new Error("lost")))).toBeNull();
  });

  test("follows the events, also those that come before the router has said what it keeps", async () => {
    const kept = Promise.withResolvers<WampAnswer>();
    const { all, receivers } = feeds(undefined, () => kept.promise);
    const { feed } = all.join(topic, user, sink(), 0);
    receivers[0]?.onEvent(event(6));
    expect(feed.position).toBeNull();
    kept.resolve(keeping(5));
    await feed.subscribed;
    expect(feed.position).toBe(6);
    receivers[0]?.onEvent(event(4));
    expect(feed.position).toBe(4);
  });

  test("asks once for all who come back while it asks, and not before they have come", async () => {
    const answers: PromiseWithResolvers<WampAnswer>[] = [];
    const { all } = feeds(undefined, (most) => {
      if (most === 1) return keeping(1);
      answers.push(Promise.withResolvers());
      return answers.at(-1)!.promise;
    });
    const { feed } = all.join(topic, user, sink(), 0);
    await feed.subscribed;
    const publications = async () => (await feed.keptEvents())?.map((one) => one.publication);
    const [first, second] = [publications(), publications()];
    await Promise.resolve();
    const [third, fourth] = [publications(), publications()];
    answers[0]?.resolve(keeping(1, 2));
    expect(await Promise.all([first, second])).toEqual([
      [1, 2],
      [1, 2],
    ]);
    answers[1]?.resolve(keeping(1, 2, 3));
    expect(await Promise.all([third, fourth])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(answers.length).toBe(2);
  });

  test("asks for fewer events where the router fails at the oldest, as Crossbar does", async () => {
    const asked: number[] = [];
    const { all } = feeds(undefined, (most) => {
      asked.push(most);
      return most > 200 ? NO_EVENTS : keeping(1, 2);
    });
    const { feed } = all.join(topic, user, sink(), 0);
    await feed.subscribed;
    expect((await feed.keptEvents())?.map((one) => one.publication)).toEqual([1, 2]);
    expect(asked).toEqual([1, 1000, 500, 250, 125]);
  });

  test("says in the log that missed events are not sent", async () => {
    const answers = [keeping(1)];
    const { all, logged } = feeds(undefined, () => answers.shift() ?? NO_EVENTS);
    const { feed } = all.join(topic, user, sink(), 0);
    await feed.subscribed;
    expect(await feed.keptEvents()).toBeNull();
    expect(logged).toEqual([["missed events not sent", { topic: "a.b" }]]);
  });
});

/** A listener whose client and path are the test. */
function listener(headers: Record<string, string> = {}, more: object = {}) {
  const socket = new ScriptedSocket();
  const options = { stall_timeout: 0, max_outgoing: 1e9, max_buffered: 1e6, retry: 1000, ...more };
  const over: EventListener[] = [];
  const owner = { options, log: quiet, noteOver: (one: EventListener) => over.push(one) };
  const streamed = {
    request: {
      method: "GET",
      url: new URL("http://localhost/"),
      headers: new Headers(headers),
      isHttp10: false,
      framing: { kind: "length", octets: 0 },
      peer: "tcp4:127.0.0.1:1",
      isSecure: false,
      strictTransport: "",
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

const start = (more: Partial<StreamStart> = {}): StreamStart => ({
  comment: "events follow",
  positions: [null],
  missed: [],
  ...more,
});
const printed = (publication: number) => eventText(event(publication));
/** What follows the head of a stream; what is sent at once is written together. */
async function bodyOf(socket: ScriptedSocket): Promise<string> {
  await turnEnd();
  const { text } = socket;
  return text.slice(text.indexOf("\r\n\r\n") + 4).replace(/retry: 1\d{3}/, "retry: 1…");
}
const data = (...args: number[]) =>
  args.map((one) => `data: {"topic":"a.b","args":[${one}],"kwargs":{}}\n\n`).join("");

describe("a stream begins", () => {
  test("without ids, where the router keeps no events", async () => {
    const { one, socket } = listener();
    one.onTopicEvent(0, printed(1));
    one.begin({}, start());
    one.onTopicEvent(0, printed(2));
    expect(await bodyOf(socket)).toBe(`retry: 1…\n: events follow\n\n${data(1, 2)}`);
  });

  test("with where it is, and every event of a kept topic says it", async () => {
    const { one, socket } = listener();
    one.begin({}, start({ positions: [7, null, 0] }));
    one.onTopicEvent(2, printed(8));
    one.onTopicEvent(1, printed(9));
    one.onTopicEvent(0, printed(10));
    const events = `id: 7..8\n${data(8)}${data(9)}id: 10..8\n${data(10)}`;
    expect(await bodyOf(socket)).toBe(`retry: 1…\n: events follow\nid: 7..0\n\n${events}`);
  });

  test("with what was missed, then what came early and later, each event once", async () => {
    const { one, socket } = listener();
    one.onTopicEvent(0, printed(3));
    one.onTopicEvent(0, printed(4));
    const missed = [2, 3].map((publication) => ({ topic: 0, event: printed(publication) }));
    one.begin({}, start({ positions: [1], missed }));
    // A router that sends to many receivers may keep an event before it sends it to the last.
    one.onTopicEvent(0, printed(2));
    one.onTopicEvent(0, printed(5));
    const events = [2, 3, 4, 5].map((number) => `id: ${number}\n${data(number)}`).join("");
    expect(await bodyOf(socket)).toBe(`retry: 1…\n: events follow\nid: 1\n\n${events}`);
    one.beat();
    one.onTopicEvent(0, printed(2));
    expect(await bodyOf(socket)).toEndWith(`:\n\nid: 2\n${data(2)}`);
  });

  test("and ends when more than max_buffered was missed, so that its client comes for the rest", async () => {
    const { one, socket, over } = listener({}, { max_buffered: 300 });
    socket.takes = 0;
    const missed = [2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({ topic: 0, event: printed(number) }));
    one.onTopicEvent(0, printed(10));
    one.begin({}, start({ positions: [1], missed }));
    expect(over).toEqual([one]);
    socket.takes = Number.POSITIVE_INFINITY;
    one.drained();
    const ids = [...(await bodyOf(socket)).matchAll(/^id: (\d+)/gm)].map(([, id]) => id);
    expect(ids).toEqual(["1", "2", "3", "4"]);
  });
});

describe("a refusal that may be over soon", () => {
  const answer = {
    status: 503,
    headers: { "Retry-After": "1", "Content-Type": "application/json", Vary: "Origin" },
    body: Buffer.from('{"error":"why"}'),
  };
  const eventSource = { Accept: "text/event-stream" };

  test("is a stream for an EventSource, which comes again after no other status", async () => {
    const { one, socket, over } = listener(eventSource);
    one.onTopicEvent(0, printed(1));
    one.refuse(answer);
    expect(socket.text).toStartWith(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nVary: Origin\r\n",
    );
    expect(await bodyOf(socket)).toBe('retry: 1…\n: {"error":"why"}\n\n');
    expect(over).toEqual([one]);
  });

  test.each([
    ["another client", { Accept: "*/*" }, {}],
    ["another refusal", eventSource, { status: 403 }],
    ["a fault of this program", eventSource, { status: 500 }],
  ])("is a page for %s", (_, headers, more) => {
    const { one, socket } = listener(headers);
    one.refuse({ ...answer, ...more });
    expect(socket.text).toStartWith(`HTTP/1.1 ${{ ...answer, ...more }.status} `);
    expect(socket.text).toEndWith('\r\n\r\n{"error":"why"}');
  });
});

test("a stream that has lost a topic before it began ends at once", async () => {
  const { one, socket, over } = listener();
  one.onFeedEnd();
  expect(over).toEqual([]);
  one.begin({}, start());
  expect(socket.text).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(over).toEqual([one]);
});

test("a stream ends with the right of its client, at an event or a heartbeat", async () => {
  const pass = fakeTime();
  for (const tell of [
    (one: EventListener) => one.onTopicEvent(0, printed(2)),
    (one: EventListener) => one.beat(),
  ]) {
    const { one, socket, over } = listener();
    one.listenWith({ role: "user", until: Date.now() + 1_000 });
    one.begin({}, start());
    pass(999);
    one.onTopicEvent(0, printed(1));
    expect(over).toEqual([]);
    pass(1);
    tell(one);
    expect([over, socket.text.match(/data/g)?.length]).toEqual([[one], 1]);
  }
  const { one, over } = listener();
  let holds = true;
  one.listenWith({ role: "user", holds: () => holds });
  one.begin({}, start());
  one.beat();
  expect(over).toEqual([]);
  holds = false;
  one.beat();
  expect(over).toEqual([one]);
});
