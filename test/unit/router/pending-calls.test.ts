import { expect, test } from "bun:test";
import { type PendingCall, PendingCalls } from "#router/pending-calls.ts";
import type { RealmSession } from "#router/realm-session.ts";
import type { Registration } from "#router/registration-map.ts";
import { fakeTime } from "../../support/fake-time.ts";

const [caller, callee] = [{}, {}] as [RealmSession, RealmSession];
const call = (changes: Partial<PendingCall> = {}): PendingCall => ({
  caller,
  request: 1,
  callee,
  endpoint: {
    registration: {} as Registration,
    session: callee,
    concurrency: undefined,
    handlesTimeout: false,
    pending: 0,
  },
  followUp: undefined,
  invocation: 2,
  procedure: "x.y",
  receivesProgress: false,
  timer: undefined,
  isInterrupted: false,
  ...changes,
});

test("a call is found from either side, by the id of that side", () => {
  const calls = new PendingCalls();
  const one = call();
  calls.add(one);
  expect([calls.ofCaller(caller, 1), calls.ofCallee(callee, 2)]).toEqual([one, one]);
  expect([calls.ofCaller(caller, 2), calls.ofCallee(callee, 1)]).toEqual([undefined, undefined]);
  expect([calls.ofCaller(callee, 1), calls.ofCallee(caller, 2)]).toEqual([undefined, undefined]);
});

test("a session may call itself", () => {
  const calls = new PendingCalls();
  calls.add(call({ callee: caller }));
  expect([calls.allOfCaller(caller).length, calls.allOfCallee(caller).length]).toEqual([1, 1]);
});

test("a call that is removed is forgotten on both sides, others stay", () => {
  const calls = new PendingCalls();
  const [one, other] = [call(), call({ request: 3, invocation: 4 })];
  calls.add(one);
  calls.add(other);
  expect(calls.countOfCaller(caller)).toBe(2);
  calls.remove(one);
  expect([calls.allOfCaller(caller), calls.allOfCallee(callee)]).toEqual([[other], [other]]);
  calls.remove(other);
  calls.remove(other);
  expect([calls.countOfCaller(caller), calls.allOfCallee(callee)]).toEqual([0, []]);
  expect([one.endpoint.pending, other.endpoint.pending]).toEqual([0, 0]);
});

test("what follows of a call in several messages is late once the call has ended, up to its last message", () => {
  const calls = new PendingCalls();
  calls.add(call({ followUp: { registration: 3, details: {} } }));
  expect(calls.isLate(caller, 1, false)).toBe(false);
  const [pending] = calls.allOfCaller(caller);
  if (pending !== undefined) calls.remove(pending);
  const late = [false, false, true, false].map((isLast) => calls.isLate(caller, 1, isLast));
  expect(late).toEqual([true, true, true, false]);
});

test("the timer of a call that is removed does not fire", () => {
  const pass = fakeTime();
  const calls = new PendingCalls();
  let fired = 0;
  const one = call({ timer: setTimeout(() => fired++, 1000) });
  calls.add(one);
  calls.remove(one);
  pass(2000);
  expect(fired).toBe(0);
});
