/** How long a request over HTTP waits for its router. */

import { expect, test } from "bun:test";
import { Cancellation } from "#base/cancellation.ts";
import { AnswerTimeout, requestWithin } from "#transport/web/bridge/answer-timeout.ts";
import type { WampRequest } from "#wamp/wamp-caller.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { SilentCaller } from "../../../support/silent-caller.ts";

const request: Omit<WampRequest, "signal"> = {
  kind: "call",
  realm: "realm1",
  role: "user",
  uri: "com.example.slow",
  options: {},
  payload: { serializer: "json", items: [] },
};

test("until its time is over", async () => {
  const pass = fakeTime();
  const caller = new SilentCaller();
  const waiting = requestWithin(1_000, caller, request, new Cancellation());
  pass(999);
  expect(caller.asked[0]?.signal.aborted).toBe(false);
  pass(1);
  expect(caller.asked[0]?.signal.aborted).toBe(true);
  await expect(waiting).rejects.toBeInstanceOf(AnswerTimeout);
});

test("until its client goes, also before it is sent", async () => {
  const caller = new SilentCaller();
  const gone = new Cancellation();
  const waiting = requestWithin(60_000, caller, request, gone);
  gone.cancel();
  expect(caller.asked[0]?.signal.aborted).toBe(true);
  await expect(waiting).rejects.toThrow("it was canceled");
  void requestWithin(60_000, caller, request, gone).catch(() => {});
  expect(caller.asked[1]?.signal.aborted).toBe(true);
});
