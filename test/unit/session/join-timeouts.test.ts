import { expect, test } from "bun:test";
import { JoinTimeouts } from "#session/join-timeouts.ts";
import { fakeTime } from "../../support/fake-time.ts";

const limits = {
  hello_timeout: 10,
  join_timeout: 30,
  authenticate_timeout: 20,
  max_auth_failures_per_minute: 0,
};

/** The timeouts of a session, and what they say; `wait` lets time pass. */
function timeouts() {
  const wait = fakeTime();
  const said: [uri: string, sentence: string][] = [];
  const made = new JoinTimeouts(limits, { onJoinTimeout: (...one) => void said.push(one) });
  return { timeouts: made, said, wait };
}

const noHello = ["wamp.error.timeout", "Cannot join: no HELLO within 10 ms"];
const noWelcome = ["wamp.error.timeout", "Cannot join: no WELCOME within 30 ms"];
const noAuthenticate = [
  "wamp.error.authentication_failed",
  "Cannot join: no AUTHENTICATE within 20 ms",
];

test.each<[string, (one: JoinTimeouts) => void, number, string[]]>([
  ["HELLO", (one) => one.awaitHello(), 10, noHello],
  ["WELCOME", (one) => one.awaitWelcome(), 30, noWelcome],
  ["AUTHENTICATE", (one) => one.awaitAuthenticate(), 20, noAuthenticate],
])("%s that does not come in time is reported once", (_, wait, limit, sentence) => {
  const { timeouts: one, said, wait: pass } = timeouts();
  wait(one);
  pass(limit - 1);
  expect(said).toEqual([]);
  pass(1_000);
  expect(said as unknown[]).toEqual([sentence]);
});

test("the whole join is limited besides the AUTHENTICATE in it", () => {
  const { timeouts: one, said, wait } = timeouts();
  one.awaitWelcome();
  wait(15);
  one.awaitAuthenticate();
  wait(14);
  one.authenticated();
  expect(said).toEqual([]);
  wait(1_000);
  expect(said as unknown[]).toEqual([noWelcome]);
});

test.each<[string, (one: JoinTimeouts) => void, string[][]]>([
  ["AUTHENTICATE", (one) => one.authenticated(), []],
  ["the end of the join", (one) => one.stop(), []],
  ["a second CHALLENGE", (one) => one.awaitAuthenticate(), [noAuthenticate]],
  ["HELLO", (one) => one.awaitWelcome(), [noWelcome]],
  ["another session", (one) => one.awaitHello(), [noHello]],
])("%s ends the wait for AUTHENTICATE", (_, arrives, expected) => {
  const { timeouts: one, said, wait } = timeouts();
  one.awaitAuthenticate();
  wait(19);
  arrives(one);
  wait(9);
  expect(said).toEqual([]);
  wait(1_000);
  expect(said as unknown[]).toEqual(expected);
});

test("after one timeout the others are over", () => {
  const { timeouts: one, said, wait } = timeouts();
  one.awaitWelcome();
  one.awaitAuthenticate();
  wait(1_000);
  expect(said as unknown[]).toEqual([noAuthenticate]);
});

test("a session without limits waits for ever", () => {
  const wait = fakeTime();
  const said: string[] = [];
  const one = new JoinTimeouts(undefined, { onJoinTimeout: (uri) => void said.push(uri) });
  one.awaitHello();
  one.awaitWelcome();
  one.awaitAuthenticate();
  wait(1_000_000);
  expect(said).toEqual([]);
});
