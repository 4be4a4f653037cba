import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { messageMemory } from "#base/message-memory.ts";
import { giveOctets } from "#base/octet-ownership.ts";
import type { SliceResult } from "#session/long-message.ts";
import { LongMessages, longMessages } from "#session/long-messages.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const message = () => Buffer.from(JSON.stringify([48, 1, {}, "p", ["x".repeat(300_000)]]));

test("a message that was given reaches the thread without a copy, a borrowed one as a copy", async () => {
  const [given, borrowed] = [giveOctets(message()), message()];
  const task = { from: "json", to: "cbor", maxOctets: 2 ** 24 } as const;
  const results = [given, borrowed].map((octets) =>
    longMessages.forward({ message: octets, ...task }),
  );
  expect([given.length, borrowed.length]).toEqual([0, message().length]);
  const [one, other] = await Promise.all(results);
  expect(one).toEqual(other as typeof one);
  expect(one?.kind).toBe("transcoded");
});

test("a sliced message comes back in the memory in which it was given", async () => {
  const result = await longMessages.slice({ message: message(), from: "json", payloadIn: [] });
  expect(result.kind === "sliced" && message().equals(result.octets)).toBe(true);
  expect(result.kind === "sliced" && result.bounds).toEqual([1, 4, 6, 9, 13, 300_017]);
});

test("of a list with far too many items, so many are told that it is refused", async () => {
  const list = Buffer.from(JSON.stringify([16, ...Array(200_000).fill(1)]));
  const result = await longMessages.slice({ message: list, from: "json", payloadIn: ["cbor"] });
  expect(result.kind === "sliced" && result.bounds.length).toBe(17);
});

test("a fault in the thread is that of one message", async () => {
  const task = { from: "json", to: "cbor", maxOctets: 2 ** 24 } as const;
  const faulty = longMessages.forward({ ...task, message: message(), from: "none" as "json" });
  const sound = longMessages.forward({ ...task, message: message() });
  const [one, other] = await Promise.allSettled([faulty, sound]);
  expect(String(one?.status === "rejected" && one.reason)).toMatch(
    /^Error: Cannot handle a long message: /,
  );
  expect(other).toMatchObject({ status: "fulfilled", value: { kind: "transcoded" } });
  const next = giveOctets(message());
  expect((await longMessages.forward({ ...task, message: next })).kind).toBe("transcoded");
  // It was taken by the thread.
  expect(next.length).toBe(0);
});

/**
 * A thread that answers with its number and the message. It handles no further one while it has
 * "hold", until the next arrives, and at "fail" it ends.
 */
const NUMBERED = `
  import { parentPort, threadId } from "node:worker_threads";
  let held = [];
  parentPort.on("message", ({ message: octets }) => {
    const message = Buffer.from(octets).toString();
    if (message === "fail") throw new Error("out of order");
    held.push(message);
    if (message === "hold") return;
    for (const one of held) parentPort.postMessage({ kind: "unsound", sentence: threadId + " " + one });
    held = [];
  });
`;
const IDLE_MS = 30_000;

/** Hands messages to a thread that runs this module. */
function threadAt(module: string) {
  const threads = new LongMessages(module);
  return (message: string) =>
    threads.slice({ message: Buffer.from(message), from: "json", payloadIn: [] });
}

/** The path of a module of these lines. */
const moduleOf = (lines: string) => join(temporaryFolder({ "thread.ts": lines }), "thread.ts");

/** The number of the thread that answers, and the message. */
async function answered(result: Promise<SliceResult>): Promise<[thread: string, message: string]> {
  const one = await result;
  if (one.kind !== "unsound") throw new Error(one.kind);
  const [thread = "", message = ""] = one.sentence.split(" ");
  return [thread, message];
}

describe("a thread for long messages", () => {
  test("ends when there was no message for half a minute", async () => {
    const pass = fakeTime();
    const slice = threadAt(moduleOf(NUMBERED));
    const [first] = await answered(slice("a"));
    pass(IDLE_MS - 1);
    expect(await answered(slice("b"))).toEqual([first, "b"]);
    pass(IDLE_MS - 1);
    expect(await answered(slice("c"))).toEqual([first, "c"]);
    pass(IDLE_MS);
    const [next, message] = await answered(slice("d"));
    expect([message, next === first]).toEqual(["d", false]);
  });

  test("does not end before it has answered", async () => {
    const pass = fakeTime();
    const slice = threadAt(moduleOf(NUMBERED));
    const [one, held] = [slice("a"), slice("hold")];
    const [first] = await answered(one);
    pass(IDLE_MS);
    const last = slice("b");
    expect(await Promise.all([answered(held), answered(last)])).toEqual([
      [first, "hold"],
      [first, "b"],
    ]);
  });

  test("that fails fails the messages that wait for it, and the next ones have another", async () => {
    const before = messageMemory();
    const slice = threadAt(moduleOf(NUMBERED));
    const [first] = await answered(slice("a"));
    const waiting = ["hold", "fail", "b"].map(slice);
    expect(messageMemory()).toBeGreaterThan(before);
    for (const { status, ...one } of await Promise.allSettled(waiting)) {
      expect(status).toBe("rejected");
      expect(one).toMatchObject({
        reason: { message: expect.stringMatching(/^Cannot handle a long message: .*out of order/) },
      });
    }
    expect(messageMemory()).toBe(before);
    const [next, message] = await answered(slice("c"));
    expect([message, next === first]).toEqual(["c", false]);
  });

  test.each([
    ["fails before its first answer", moduleOf('throw new Error("it has no memory");')],
    ["has no module", "/none/thread.ts"],
  ])("that %s is not needed for the next message", async (_, module) => {
    const before = messageMemory();
    const slice = threadAt(module);
    await expect(slice("[16,1]")).rejects.toThrow("Cannot handle a long message: ");
    expect(await slice("[16,1]")).toMatchObject({ kind: "sliced", bounds: [1, 4, 5] });
    expect(messageMemory()).toBe(before);
  });
});
