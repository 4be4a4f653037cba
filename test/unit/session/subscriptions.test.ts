/** Subscriptions of a session of the program's own: what is sent, and what reaches the receivers. */

import { describe, expect, test } from "bun:test";
import { OutgoingRequests } from "#session/outgoing-requests.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { readValue } from "#wamp/serializer/read-value.ts";
import { RefusedSubscription, type TopicPattern } from "#wamp/wamp-caller.ts";

/** A session; `sent` are the heads of its messages. */
function session() {
  const sent: (readonly unknown[])[] = [];
  const args: unknown[] = [];
  const requests = new OutgoingRequests(({ head, payload }) => {
    sent.push(head);
    args.push(payload.items[0] && readValue(payload.items[0], payload.serializer));
  });
  const answers = (message: unknown[]) =>
    requests.onMessage(encodeMessage(message, "cbor"), "cbor");
  return { sent, args, answers, requests, all: requests.subscriptions };
}

/** A receiver that keeps the topics of its events, and how it ends. */
function receiver() {
  const got: string[] = [];
  return {
    got,
    onEvent: ({ topic = "" }) => got.push(topic),
    onEnd: (why: string) => got.push(why),
  };
}

const exact: TopicPattern = { topic: "a.b", match: "exact" };
const prefix: TopicPattern = { topic: "a.", match: "prefix" };

describe("subscriptions", () => {
  test("of one topic are one, and end with the last receiver", async () => {
    const { sent, answers, all } = session();
    const [one, other] = [receiver(), receiver()];
    const leaving = Promise.all([all.subscribe(exact, one), all.subscribe(exact, other)]);
    expect(sent).toEqual([[32, 1, {}, "a.b"]]);
    expect(answers([33, 1, 77])).toBe(true);
    const [first, second] = await leaving;
    expect([first?.id, second?.id]).toEqual([77, 77]);
    answers([36, 77, 1, {}, [1]]);
    first?.leave();
    answers([36, 77, 2, {}, [2]]);
    second?.leave();
    second?.leave();
    answers([36, 77, 3, {}, [3]]);
    expect([one.got, other.got]).toEqual([["a.b"], ["a.b", "a.b"]]);
    expect(sent.slice(1)).toEqual([[34, 2, 77]]);
    expect(answers([35, 2])).toBe(true);
    expect(all.isEmpty).toBe(true);
  });

  test("by pattern name the topic of each event", async () => {
    const { sent, answers, all } = session();
    const one = receiver();
    const subscribed = all.subscribe(prefix, one);
    expect(sent).toEqual([[32, 1, { match: "prefix" }, "a."]]);
    answers([33, 1, 7]);
    await subscribed;
    answers([36, 7, 1, { topic: "a.c" }]);
    expect(one.got).toEqual(["a.c"]);
  });

  test("ask for the events that the router keeps of them, by their id", async () => {
    const { sent, args, answers, requests } = session();
    const one = { publications: [] as number[], onEnd() {} };
    const onEvent = ({ publication = 0 }) => void one.publications.push(publication);
    const subscribed = requests.subscribe(exact, { ...one, onEvent });
    answers([33, 1, 77]);
    answers([36, 77, 4711, {}]);
    expect(one.publications).toEqual([4711]);
    const { keptEvents } = await subscribed;
    const asked = keptEvents(10, new AbortController().signal);
    expect(sent.at(-1)).toEqual([48, 2, {}, "wamp.subscription.get_events"]);
    expect(args.at(-1)).toEqual([77, 10]);
    answers([50, 2, {}, [[]]]);
    expect(await asked).toMatchObject({ kind: "result" });
  });

  test("that are refused reject with the URI, and can be asked for again", async () => {
    const { sent, answers, all } = session();
    const subscribed = all.subscribe(exact, receiver());
    expect(answers([8, 32, 1, {}, "wamp.error.not_authorized"])).toBe(true);
    expect(await subscribed.catch((thrown) => thrown)).toEqual(
      new RefusedSubscription("wamp.error.not_authorized"),
    );
    void all.subscribe(exact, receiver());
    expect(sent.at(-1)).toEqual([32, 2, {}, "a.b"]);
  });

  test("that are left end, and a new one of the same topic is not ended by that", async () => {
    const { sent, answers, all } = session();
    const one = receiver();
    const subscribed = all.subscribe(exact, one);
    answers([33, 1, 7]);
    (await subscribed).leave();
    const again = all.subscribe(exact, one);
    expect(sent.map(([type]) => type)).toEqual([32, 34, 32]);
    answers([35, 2]);
    answers([33, 3, 7]);
    await again;
    answers([36, 7, 1, {}]);
    expect(one.got).toEqual(["a.b"]);
  });

  test("end with the session, and none begins after it", async () => {
    const { answers, all, requests } = session();
    const one = receiver();
    const subscribed = all.subscribe(exact, one);
    const waiting = all.subscribe(prefix, receiver());
    answers([33, 1, 7]);
    await subscribed;
    requests.fail("the router is gone");
    expect(one.got).toEqual(["the router is gone"]);
    const sentence = "Cannot subscribe: the router is gone";
    expect(await waiting.catch((thrown) => thrown.message)).toBe(sentence);
    expect(await all.subscribe(exact, one).catch((thrown) => thrown.message)).toBe(sentence);
  });

  test("take no message of a router that was never asked", () => {
    const { answers } = session();
    expect([answers([33, 1, 7]), answers([36, 7, 1, {}])]).toEqual([false, false]);
  });

  test("share the sequence of request ids with calls", async () => {
    const { sent, requests, all } = session();
    const signal = new AbortController().signal;
    const payload = { serializer: "cbor" as const, items: [] };
    void requests.request({ kind: "call", uri: "a.f", options: {}, payload, signal });
    void all.subscribe(exact, receiver());
    expect(sent.map(([type, id]) => [type, id])).toEqual([
      [48, 1],
      [32, 2],
    ]);
    expect(requests.isIdle).toBe(false);
  });

  test("that cannot be sent reject, and leave nothing behind", async () => {
    const requests = new OutgoingRequests(() => {
      throw new Error("the router does not read");
    });
    const thrown = await requests.subscriptions.subscribe(exact, receiver()).catch((one) => one);
    expect(thrown.message).toBe("the router does not read");
    expect(requests.subscriptions.isEmpty).toBe(true);
  });
});
