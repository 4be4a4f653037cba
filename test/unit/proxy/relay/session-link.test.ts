import { describe, expect, test } from "bun:test";
import type { Side } from "#proxy/relay/back-pressure.ts";
import { SessionLink } from "#proxy/relay/session-link.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { FakePeer } from "../../../support/fake-peer.ts";
import { fakeTime } from "../../../support/fake-time.ts";

/** A link whose peers take nothing once they are told to. */
function link({ real = false } = {}) {
  const wait = real ? () => {} : fakeTime();
  const [client, router] = [new FakePeer(), new FakePeer({ serializer: "cbor" })];
  const stalled: Side[] = [];
  const observer = { onStalled: (side: Side) => void stalled.push(side), onUndeliverable() {} };
  const options = { max_buffered: 1000, stall_timeout: 100, max_outgoing: 2 ** 30 };
  const made = new SessionLink(client, router, options, observer);
  const full = (peer: FakePeer) => {
    peer.takes = false;
    peer.bufferedOctets = 3000;
  };
  return { client, router, stalled, wait, full, link: made };
}

const CALL = Buffer.from('[48,7,{},"a"]');
/** [50, 7, {}] */
const RESULT = Uint8Array.fromHex("83183207a0");
const UNREPRESENTABLE = Buffer.from('[48,7,{},"a",["\\ud800"]]');

test("messages go to the other peer, in its serializer", () => {
  const { client, router, link: one } = link();
  one.toRouter.forward(CALL);
  one.toClient.forward(RESULT);
  expect([router.sent, client.sent]).toEqual([[[48, 7, {}, "a"]], [[50, 7, {}]]]);
});

test.each<[Side, Side]>([
  ["router", "client"],
  ["client", "router"],
])("a %s that does not take its messages slows the %s down, until it has", (side, sender) => {
  const { client, router, stalled, wait, full, link: one } = link();
  const peers = { client, router };
  full(peers[side]);
  if (side === "router") one.toRouter.forward(CALL);
  else one.toClient.forward(RESULT);
  expect([peers[sender].paused, peers[side].paused]).toEqual([true, false]);
  one.drained(sender);
  expect(peers[sender].paused).toBe(true);
  wait(100);
  expect(stalled).toEqual([side]);
  one.drained(side);
  expect(peers[sender].paused).toBe(false);
});

test("a client that does not take the ERRORs for its own messages is not read until it has", () => {
  const { client, full, link: one } = link();
  full(client);
  one.toRouter.forward(UNREPRESENTABLE);
  expect(client.paused).toBe(true);
  one.drained("router");
  expect(client.paused).toBe(true);
  one.drained("client");
  expect(client.paused).toBe(false);
});

test("at the end both peers are read again, and none is stalled any more", () => {
  const { client, router, stalled, wait, full, link: one } = link();
  full(client);
  full(router);
  one.toRouter.forward(CALL);
  one.toClient.forward(RESULT);
  one.stop();
  expect([client.paused, router.paused]).toEqual([false, false]);
  wait(1000);
  expect(stalled).toEqual([]);
});

test("a session that was never slowed down ends as well", () => {
  const { link: one } = link();
  one.drained("client");
  one.drained("router");
  one.stop();
});

/** [68, 7, 1, {}] and [50, 7, {"progress": true}] */
const INVOCATION = Uint8Array.fromHex("8418440701a0");
const PROGRESS = Uint8Array.fromHex("83183207a16870726f6772657373f5");

describe("a session is awaited", () => {
  test("while a call of its client, or one that it performs, has no answer", () => {
    const { link: one } = link();
    let answered = 0;
    one.onAnswered = () => void answered++;
    expect(one.isAwaited).toBe(false);
    one.toRouter.forward(CALL);
    one.toClient.forward(INVOCATION);
    one.toClient.forward(PROGRESS);
    one.toClient.forward(RESULT);
    expect([one.isAwaited, answered]).toEqual([true, 0]);
    one.toRouter.forward(Buffer.from('[8,68,7,{},"a.b"]'));
    expect([one.isAwaited, answered]).toEqual([false, 1]);
  });

  test("not for a call that the proxy refuses", () => {
    const { link: one } = link();
    one.toRouter.forward(UNREPRESENTABLE);
    expect(one.isAwaited).toBe(false);
  });

  test("no longer than until the proxy answers in place of a result that it cannot carry", () => {
    const { link: one, client } = link();
    one.toRouter.forward(CALL);
    // A tag that JSON cannot represent.
    one.toClient.forward(Uint8Array.fromHex("84183207a081d917706178"));
    expect(client.sent[0]?.slice(0, 3)).toEqual([8, 48, 7]);
    expect(one.isAwaited).toBe(false);
  });

  test("not for answers to calls that it does not know", () => {
    const { link: one } = link();
    one.toClient.forward(RESULT);
    one.toRouter.forward(CALL);
    expect(one.isAwaited).toBe(true);
  });

  test("while its long call is in the thread, not before it is sent", async () => {
    const { link: one, client, router } = link({ real: true });
    one.toRouter.forward(Buffer.from(`[48,7,{},"a",["${"x".repeat(300_000)}"]]`));
    await router.next();
    expect(one.isAwaited).toBe(true);
    const { promise, resolve } = Promise.withResolvers<void>();
    one.onAnswered = resolve;
    one.toClient.forward(encodeMessage([50, 7, {}, ["x".repeat(300_000)]], "cbor"));
    expect(one.isAwaited).toBe(true);
    await promise;
    expect(client.sent[0]?.[0]).toBe(50);
  });
});
