import { describe, expect, test } from "bun:test";
import { CallError } from "#auth/authenticators.ts";
import { OutgoingRequests } from "#session/outgoing-requests.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { LostAnswer } from "#wamp/wamp-caller.ts";

const payload = { serializer: "cbor" as const, items: [] };
const { signal } = new AbortController();

/** The requests of a session whose router a test is. */
function requests() {
  const sent: unknown[][] = [];
  const made = new OutgoingRequests(({ head }) => void sent.push([...head]));
  return {
    requests: made,
    sent,
    call: (uri = "a.b", by = signal) =>
      made.request({ kind: "call", uri, options: {}, payload, signal: by }),
    publish: (by = signal) =>
      made.request({ kind: "publish", uri: "a.t", options: {}, payload, signal: by }),
    answers: (message: unknown[]) => made.onMessage(encodeMessage(message, "cbor"), "cbor"),
  };
}

const decoded = (answer: unknown) =>
  JSON.parse(JSON.stringify(answer, (_, one) => (one instanceof Uint8Array ? one.toHex() : one)));

describe("a request", () => {
  test("gets the answer with its id, whatever the order", async () => {
    const { call, publish, answers, sent, requests: all } = requests();
    const [one, other, published] = [call("a.one"), call("a.other"), publish()];
    expect(sent).toEqual([
      [48, 1, {}, "a.one"],
      [48, 2, {}, "a.other"],
      [16, 3, {}, "a.t"],
    ]);
    expect(answers([17, 3, 99])).toBe(true);
    expect(answers([50, 2, {}, [2]])).toBe(true);
    expect(answers([50, 1, {}, [1], { k: 1 }])).toBe(true);
    expect(decoded(await one)).toMatchObject({
      kind: "result",
      payload: { items: ["8101", "a1616b01"] },
    });
    expect(decoded(await other)).toMatchObject({ payload: { items: ["8102"] } });
    expect(await published).toEqual({ kind: "published", publication: 99 });
    expect(all.isIdle).toBe(true);
  });

  test("takes the highest id of a publication, 2^53", async () => {
    const { publish, requests: all } = requests();
    const published = publish();
    all.onMessage(Buffer.from("83 11 01 1b0020000000000000".replaceAll(" ", ""), "hex"), "cbor");
    expect(await published).toEqual({ kind: "published", publication: 2 ** 53 });
  });

  test("gets the ERROR about it", async () => {
    const { call, publish, answers } = requests();
    const [called, published] = [call(), publish()];
    expect(answers([8, 16, 2, {}, "com.example.full"])).toBe(true);
    answers([8, 48, 1, {}, "com.example.no", ["why"]]);
    expect(await called).toMatchObject({ kind: "error", uri: "com.example.no" });
    expect(await published).toMatchObject({ kind: "error", uri: "com.example.full" });
  });

  test("is not settled by what is about another, or about none", async () => {
    const { call, answers, requests: all } = requests();
    const waiting = call();
    expect(answers([50, 7, {}, []])).toBe(true);
    expect(answers([8, 68, 1, {}, "x.y"])).toBe(false);
    expect(answers([36, 1, 1, {}])).toBe(false);
    expect(answers([50, "1", {}])).toBe(true);
    expect(answers([50, [1], {}])).toBe(true);
    expect(all.isIdle).toBe(false);
    answers([50, 1, {}]);
    await waiting;
  });

  test("gets arguments and keyword arguments, and nothing behind them", async () => {
    const { call, answers } = requests();
    const waiting = call();
    answers([50, 1, {}, [1], { k: 1 }, "more"]);
    expect(decoded(await waiting)).toMatchObject({ payload: { items: ["8101", "a1616b01"] } });
  });

  test.each([undefined, -1, "99"])("is not published with the id %p", async (id) => {
    const { publish, answers, requests: all } = requests();
    const waiting = publish().catch(() => {});
    const answer = id === undefined ? [17, 1] : [17, 1, id];
    expect(() => answers(answer)).toThrow("the router said PUBLISHED without an id");
    all.fail("over");
    await waiting;
  });

  test("keeps its answer, though the octets of a message are borrowed", async () => {
    const { call, requests: all } = requests();
    const waiting = call();
    const octets = encodeMessage([50, 1, {}, [1]], "cbor");
    all.onMessage(octets, "cbor");
    octets.fill(0xff);
    expect(decoded(await waiting)).toMatchObject({ payload: { items: ["8101"] } });
  });

  test("fails where it cannot be sent, and leaves nothing behind", async () => {
    const failing = new OutgoingRequests(() => {
      throw new Error("too long");
    });
    const request = { kind: "call", uri: "a", options: {}, payload, signal } as const;
    await expect(failing.request(request)).rejects.toThrow("too long");
    expect(failing.isIdle).toBe(true);
  });

  test("is refused beyond 1000 that wait", async () => {
    const { call, sent, requests: all } = requests();
    const waiting = Array.from({ length: 1000 }, () => call().catch(() => {}));
    await expect(call()).rejects.toThrow("1000 requests wait for their answers");
    expect(sent).toHaveLength(1000);
    all.fail("over");
    await Promise.all(waiting);
  });
});

describe("a request that is given up", () => {
  test("is canceled where it is a call, and its late answer is dropped", async () => {
    const { call, answers, sent, requests: all } = requests();
    const controller = new AbortController();
    const waiting = call("a.b", controller.signal);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    expect(sent.slice(1)).toEqual([[49, 1, { mode: "killnowait" }]]);
    expect(answers([50, 1, {}])).toBe(true);
    expect(all.isIdle).toBe(true);
  });

  test("is not canceled where it is a publication, or has its answer", async () => {
    const { call, publish, answers, sent } = requests();
    const controller = new AbortController();
    const waiting = publish(controller.signal);
    const called = call("a.b", controller.signal);
    answers([50, 2, {}]);
    await called;
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    expect(sent.map(([type]) => type)).toEqual([16, 48]);
  });

  test("before it begins is never sent", async () => {
    const { call, sent } = requests();
    await expect(call("a.b", AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    expect(sent).toEqual([]);
  });
});

test("the end of a session fails all requests, and those that come later", async () => {
  const { call, publish, sent, requests: all } = requests();
  const waiting = [call(), publish()];
  all.fail("the router closed the session");
  const sentence = "Cannot wait for an answer: the router closed the session";
  const outcomes = await Promise.allSettled(waiting);
  for (const outcome of outcomes) {
    const reason = { message: sentence, source: "router", uri: "wamp.error.unavailable" };
    expect(outcome).toMatchObject({ status: "rejected", reason });
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(LostAnswer);
  }
  const refused = await call().catch((thrown) => thrown);
  expect([refused.message, refused instanceof LostAnswer]).toEqual([sentence, false]);
  expect(sent).toHaveLength(2);
});

describe("a call for its first argument", () => {
  const calling = () => {
    const all = requests();
    const question = { realm: "r", role: null, procedure: "a.b", args: ["x"], signal };
    return { ...all, answer: all.requests.call(question) };
  };

  test.each([
    [[50, 1, {}, [7, 8]], 7],
    [[50, 1, {}, []], undefined],
    [[50, 1, {}], undefined],
    [[50, 1, {}, { not: "a list" }], undefined],
    [[17, 1, 99], undefined],
  ])("gets out of %j the value %p", async (message, value) => {
    const { answer, answers } = calling();
    answers(message);
    expect(await answer).toEqual(value as never);
  });

  test("is rejected where its answer cannot be read", async () => {
    const { answer, requests: all } = calling();
    // [50, 1, {}, [tag 0 of 1]]
    all.onMessage(Uint8Array.fromHex("84183201a081c001"), "cbor");
    await expect(answer).rejects.toMatchObject({
      message: expect.stringMatching(/^Cannot read an answer: .*CBOR tag 0 as a value/),
      source: "router",
    });
  });

  test("is rejected with the ERROR's URI and arguments", async () => {
    const { answer, answers } = calling();
    answers([8, 48, 1, {}, "com.example.no", ["why", 1]]);
    const thrown = await answer.catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(CallError);
    expect(thrown).toMatchObject({
      message: "the call failed with com.example.no",
      uri: "com.example.no",
      args: ["why", 1],
    });
  });
});
