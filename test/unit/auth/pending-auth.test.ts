import { expect, test } from "bun:test";
import { PendingChallenge } from "#auth/pending-auth.ts";

test("gives a pending challenge to one AUTHENTICATE only", () => {
  const pending = new PendingChallenge<string>();
  expect(pending.take()).toBeUndefined();
  pending.set("first");
  pending.set("second");
  expect(pending.take()).toBe("second");
  expect(pending.take()).toBeUndefined();
});
