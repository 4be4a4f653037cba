/** Requests with an Idempotency-Key: each is carried out once. */

import { expect, test } from "bun:test";
import type { BridgeAnswer } from "#transport/web/bridge/bridge-answer.ts";
import {
  IdempotentRequests,
  type Outcome,
  readIdempotencyKey,
} from "#transport/web/bridge/idempotent-requests.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { titled } from "../../../support/titles.ts";

const body = Buffer.from('{"procedure":"a.b"}');
const answered = (text: string, isFinal = true): Outcome => ({
  answer: { status: 200, headers: {}, body: Buffer.from(text) },
  isFinal,
});

/** Requests of one path, whose clock stands at `time`, with the outcomes of what is carried out. */
function requests() {
  const clock = { time: 0 };
  const all = new IdempotentRequests(60_000, () => clock.time);
  const open: PromiseWithResolvers<Outcome>[] = [];
  const carryOut = () => {
    const one = Promise.withResolvers<Outcome>();
    open.push(one);
    return one.promise;
  };
  const ask = (key: string, octets: Uint8Array = body, gone = new AbortController().signal) =>
    all.answerTo({ key, body: octets, clientGone: gone }, carryOut);
  return { clock, open, ask };
}

const seen = ({ status, body: octets }: BridgeAnswer) => [status, Buffer.from(octets).toString()];

test.each(
  titled([
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ['"a \\"b\\" \\\\ c"', 'a "b" \\ c'],
    ['"a, b"', "a, b"],
    ["KG5LxwFBepaKHyUD", "KG5LxwFBepaKHyUD"],
    [`"${"a".repeat(255)}"`, "a".repeat(255)],
    [`"${"a".repeat(256)}"`, null],
    ["a".repeat(256), null],
    ["", null],
    ['""', null],
    ['"a', null],
    ['"a\\b"', null],
    ['"a"b"', null],
    ['"a", "b"', null],
    ["a, b", null],
    ["a;b=1", null],
    ['"a";b=1', null],
    ['"\xe9"', null],
  ] as const),
)("the field is a String or a bare value: %s", (_title, field, key) => {
  expect(readIdempotencyKey(field)).toBe(key);
});

test("a request that is repeated gets the first answer, while it runs and after it", async () => {
  const { open, ask } = requests();
  const both = [ask("k"), ask("k")];
  expect(open).toHaveLength(1);
  open[0]?.resolve(answered("one"));
  expect((await Promise.all(both)).map(seen)).toEqual([
    [200, "one"],
    [200, "one"],
  ]);
  expect(seen(await ask("k"))).toEqual([200, "one"]);
  expect(open).toHaveLength(1);
});

test("another key is another request", async () => {
  const { open, ask } = requests();
  void ask("k");
  void ask("l");
  expect(open).toHaveLength(2);
});

test("the same key with another body is refused with 422, while the first runs and after it", async () => {
  const { open, ask } = requests();
  const first = ask("k");
  expect((await ask("k", Buffer.from("{}"))).status).toBe(422);
  open[0]?.resolve(answered("one"));
  await first;
  expect((await ask("k", Buffer.from("{}"))).status).toBe(422);
  expect(open).toHaveLength(1);
});

test("an answer is forgotten after the time, which begins with the answer", async () => {
  const { clock, open, ask } = requests();
  const first = ask("k");
  clock.time = 100_000;
  open[0]?.resolve(answered("one"));
  await first;
  clock.time = 160_000;
  expect(seen(await ask("k"))).toEqual([200, "one"]);
  clock.time = 160_001;
  void ask("k");
  expect(open).toHaveLength(2);
});

test("what was not sent to the router is tried again", async () => {
  const { open, ask } = requests();
  const first = ask("k");
  open[0]?.resolve(answered("away", false));
  expect(seen(await first)).toEqual([200, "away"]);
  void ask("k");
  expect(open).toHaveLength(2);
});

test("a request that fails is tried again", async () => {
  const { open, ask } = requests();
  const first = ask("k");
  open[0]?.reject(new Error("a fault"));
  await expect(first).rejects.toThrow("a fault");
  void ask("k");
  expect(open).toHaveLength(2);
});

test("a client that has gone waits no longer, and the next one gets the answer", async () => {
  const { open, ask } = requests();
  const gone = new AbortController();
  const first = ask("k", body, gone.signal);
  gone.abort(new Error("gone"));
  await expect(first).rejects.toThrow("gone");
  const second = ask("k");
  open[0]?.resolve(answered("one"));
  expect(seen(await second)).toEqual([200, "one"]);
  expect(open).toHaveLength(1);
});

test("512 requests run at once, and others get 503 without being carried out", async () => {
  const { open, ask } = requests();
  for (let key = 0; key < 512; key++) void ask(`${key}`);
  expect((await ask("one more")).status).toBe(503);
  expect(open).toHaveLength(512);
  open[0]?.resolve(answered("one"));
  await ask("0");
  void ask("one more");
  expect(open).toHaveLength(513);
});

test("10000 keys are remembered, and others get 503 until one is forgotten", async () => {
  const { clock, open, ask } = requests();
  for (let key = 0; key < 10_000; key++) {
    const one = ask(`${key}`);
    open[key]?.resolve(answered("one"));
    await one;
  }
  const refused = await ask("one more");
  expect([refused.status, refused.headers["Retry-After"]]).toEqual([503, "60"]);
  expect(seen(await ask("0"))).toEqual([200, "one"]);
  clock.time = 60_001;
  void ask("one more");
  expect(open).toHaveLength(10_001);
});

test("answers of 16 MiB are kept, and not an octet more", async () => {
  const { open, ask } = requests();
  for (const [index, [key, octets]] of [
    ["k", 16 * 1024 * 1024 - 1],
    ["l", 1],
    ["m", 1],
    ["n", 0],
  ].entries()) {
    const one = ask(key as string);
    open[index]?.resolve(answered("a".repeat(octets as number)));
    await one;
  }
  const statuses = (await Promise.all(["k", "l", "m", "n"].map((key) => ask(key)))).map(seen);
  expect(statuses.map(([status]) => status)).toEqual([200, 200, 410, 200]);
});

test("an answer that is kept does not change with the octets that it was part of", async () => {
  const { open, ask } = requests();
  const octets = Buffer.from("an answer");
  const first = ask("k");
  open[0]?.resolve({ answer: { status: 200, headers: {}, body: octets }, isFinal: true });
  await first;
  octets.fill(0);
  expect(seen(await ask("k"))).toEqual([200, "an answer"]);
});

test("a failure is no fault of the program where its client has gone", async () => {
  const { open, ask } = requests();
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  afterTest(() => process.off("unhandledRejection", note));
  const gone = new AbortController();
  const first = ask("k", body, gone.signal);
  gone.abort(new Error("gone"));
  await expect(first).rejects.toThrow("gone");
  open[0]?.reject(new Error("a fault"));
  await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
});

test("an answer beyond 16 MiB in all is not kept, and its request not carried out again", async () => {
  const { clock, open, ask } = requests();
  const long = "a".repeat(8 * 1024 * 1024);
  for (const [index, key] of ["k", "l", "m"].entries()) {
    const one = ask(key);
    open[index]?.resolve(answered(long));
    expect((await one).body.length).toBe(long.length);
  }
  expect((await ask("l")).body.length).toBe(long.length);
  expect((await ask("m")).status).toBe(410);
  expect((await ask("m", Buffer.from("{}"))).status).toBe(422);
  expect(open).toHaveLength(3);
  clock.time = 60_001;
  const again = ask("m");
  open[3]?.resolve(answered(long));
  await again;
  expect((await ask("m")).body.length).toBe(long.length);
});
