import { expect, test } from "bun:test";
import { giveOctets } from "#base/octet-ownership.ts";
import { longMessages } from "#session/long-messages.ts";

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
