/** The checker of random clients notices each kind of fault, and nothing in a history without one. */

import { expect, test } from "bun:test";
import { checkHistory, isFor } from "../../support/checker/check-history.ts";
import { RealmHistory } from "../../support/checker/realm-history.ts";

const patience = { eventMs: 100, callMs: 1_000 };
const publication = { topic: "a.b", excludeMe: true, exclude: [], session: 1 };

/** Sessions 1 and 2: 1 publishes events 1 and 2, and calls, 2 has subscribed, and registered. */
function goodHistory() {
  const history = new RealmHistory();
  history.sessions.set(1, { session: 1, member: 0, joinedAt: 0 });
  history.sessions.set(2, { session: 2, member: 1, joinedAt: 0 });
  const subscription = { session: 2, topic: "a", match: "prefix" as const, activeAt: 10 };
  history.subscriptions.push(subscription);
  history.publications.set(1, { ...publication, number: 1, sentAt: 20, publishedAt: 21 });
  history.publications.set(2, { ...publication, number: 2, sentAt: 22, publishedAt: 23 });
  for (const number of [1, 2]) {
    history.events.push({ subscription, publication: number, topic: "a.b", at: 30 });
  }
  history.registrations.push({ session: 2, procedure: "p", invoke: "single", activeAt: 10 });
  const call = { number: 3, session: 1, procedure: "p", sentAt: 20 };
  history.calls.set(3, { ...call, endedAt: 30, outcome: { result: 3 } });
  history.invocations.push({ call: 3, session: 2, at: 25 });
  const counts = { sessions: 2, subscribers: { "prefix a": 1 }, callees: { p: 1 } };
  history.counts.push({ member: 0, ...counts }, { member: 1, ...counts });
  return { history, subscription, call };
}

type Good = ReturnType<typeof goodHistory>;

test("finds nothing in a history without a fault", () => {
  expect(checkHistory(goodHistory().history, patience)).toEqual([]);
});

test.each<[violation: string, spoil: (good: Good) => unknown]>([
  [
    "session 2 got event 9, which nobody published",
    ({ history, subscription }) =>
      history.events.push({ subscription, publication: 9, topic: "a.b", at: 30 }),
  ],
  [
    "session 2 got event 4 of a.b as one of a.c",
    ({ history, subscription }) => {
      history.publications.set(4, { ...publication, number: 4, sentAt: 24 });
      history.events.push({ subscription, publication: 4, topic: "a.c", at: 30 });
    },
  ],
  [
    "session 2 got event 4 of b for a",
    ({ history, subscription }) => {
      history.publications.set(4, { ...publication, topic: "b", number: 4, sentAt: 24 });
      history.events.push({ subscription, publication: 4, topic: "b", at: 30 });
    },
  ],
  ...[{ exclude: [2] }, { eligible: [1] }, { session: 2 }].map(
    (more): [string, (good: Good) => unknown] => [
      "session 2 got event 4, which was not meant for it",
      ({ history, subscription }) => {
        history.publications.set(4, { ...publication, ...more, number: 4, sentAt: 24 });
        history.events.push({ subscription, publication: 4, topic: "a.b", at: 30 });
      },
    ],
  ),
  [
    "session 2 got event 2 twice",
    ({ history, subscription }) =>
      history.events.push({ subscription, publication: 2, topic: "a.b", at: 30 }),
  ],
  ["session 2 got event 1 behind 2", ({ history }) => history.events.reverse()],
  ["session 2 did not get event 2", ({ history }) => history.events.pop()],
  [
    "call 3 of p by session 1 had no end after 1000 ms",
    ({ history, call }) => history.calls.set(3, call),
  ],
  [
    "call 3 reached sessions 2 and 1",
    ({ history }) => history.invocations.push({ call: 3, session: 1, at: 26 }),
  ],
  [
    "call 3 got the result 4",
    ({ history, call }) => history.calls.set(3, { ...call, endedAt: 30, outcome: { result: 4 } }),
  ],
  ["call 3 got a result that nobody gave", ({ history }) => history.invocations.pop()],
  [
    "call 3 found no procedure, which session 2 had",
    ({ history, call }) => {
      const outcome = { error: "wamp.error.no_such_procedure" };
      history.calls.set(3, { ...call, endedAt: 30, outcome });
    },
  ],
  [
    "call 3 got wamp.error.canceled for no reason",
    ({ history, call }) => {
      history.calls.set(3, { ...call, endedAt: 30, outcome: { error: "wamp.error.canceled" } });
    },
  ],
  [
    "sessions 2 and 1 both have q alone",
    ({ history }) => {
      const one = { procedure: "q", invoke: "single" as const, activeAt: 40 };
      history.registrations.push({ ...one, session: 2 }, { ...one, session: 1 });
    },
  ],
  [
    "there are 2 sessions, says worker 0, where there are 1",
    ({ history }) => {
      history.sessions.set(1, { session: 1, member: 0, joinedAt: 0, endedAt: 500 });
      history.counts.pop();
    },
  ],
  [
    "there are 0 subscribers of prefix a, says worker 1, where there are 1",
    ({ history }) => {
      history.counts[1] = { member: 1, sessions: 2, subscribers: { "prefix a": 0 }, callees: {} };
    },
  ],
  [
    "there are 2 callees of p, says worker 1, where there are 1",
    ({ history }) => {
      history.counts[1] = { member: 1, sessions: 2, subscribers: {}, callees: { p: 2 } };
    },
  ],
])("finds: %s", (violation, spoil) => {
  const good = goodHistory();
  spoil(good);
  expect(checkHistory(good.history, patience)).toEqual([violation]);
});

test("allows an event to be lost, and a call to fail, while the realm is disturbed", () => {
  const { history, call } = goodHistory();
  history.events.pop();
  const outcome = { error: "wamp.error.unavailable" };
  history.calls.set(3, { ...call, endedAt: 30, outcome });
  history.disturbances.push({ name: "killed", from: 15, to: 22 });
  expect(checkHistory(history, patience)).toEqual([]);
});

test.each([
  ["a.b", "exact", "a.b", true],
  ["a.b", "exact", "a.bc", false],
  ["a.b", "prefix", "a.bc", true],
  ["a..c", "wildcard", "a.b.c", true],
  ["a..c", "wildcard", "a.b.d", false],
  ["a..c", "wildcard", "a.b", false],
] as const)("%s as %s for %s: %p", (pattern, match, topic, isOne) => {
  const subscription = { session: 1, topic: pattern, match, activeAt: 0 };
  expect(isFor(subscription, topic)).toBe(isOne);
});
