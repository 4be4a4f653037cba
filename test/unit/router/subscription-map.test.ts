import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RealmSession } from "#router/realm-session.ts";
import { RegistrationMap } from "#router/registration-map.ts";
import { SubscriptionMap } from "#router/subscription-map.ts";
import type { MatchPolicy } from "#router/uri-match.ts";

const [a, b] = [{}, {}] as [RealmSession, RealmSession];

test("one subscription is shared by all sessions with its pattern", () => {
  const map = new SubscriptionMap();
  const first = map.add(a, "x.y", "exact");
  const { id } = first.subscription;
  const second = map.add(b, "x.y", "exact");
  expect(second.subscription.id).toBe(id);
  const again = map.add(a, "x.y", "exact");
  expect([...again.subscription.subscribers]).toEqual([a, b]);
  expect([first, second, again].map((one) => [one.isNew, one.isRepeated])).toEqual([
    [true, false],
    [false, false],
    [false, true],
  ]);
  expect(map.matches("x.y").map((one) => one.id)).toEqual([id]);
});

test("a topic matches its patterns of every kind", () => {
  const map = new SubscriptionMap();
  map.add(a, "x.y", "exact");
  map.add(a, "x.", "prefix");
  map.add(a, "x.", "wildcard");
  map.add(a, "x.z", "exact");
  expect(
    map
      .matches("x.y")
      .map(({ match }) => match)
      .toSorted(),
  ).toEqual(["exact", "prefix", "wildcard"]);
});

test("a subscription goes with its last subscriber, and its id with it", () => {
  const map = new SubscriptionMap();
  const { id } = map.add(a, "x", "exact").subscription;
  map.add(b, "x", "exact");
  const removes = (session: RealmSession, one = id) => map.remove(session, one) !== undefined;
  expect([removes(a), removes(a), map.matches("x").length]).toEqual([true, false, 1]);
  expect([removes(b, id + 1), removes(b), map.matches("x")]).toEqual([false, true, []]);
  expect([removes(b), map.byId(id), [...map.all()]]).toEqual([false, undefined, []]);
});

test("a session that leaves loses all of its subscriptions, and others none", () => {
  const map = new SubscriptionMap();
  map.add(a, "x", "exact");
  map.add(a, "y", "prefix");
  map.add(b, "x", "exact");
  map.removeAll(a);
  expect(map.matches("x").map(({ subscribers }) => [...subscribers])).toEqual([[b]]);
  expect(map.matches("y.z")).toEqual([]);
  map.removeAll(a);
  map.removeAll(b);
  expect(map.matches("x")).toEqual([]);
});

test("a subscription of which events are kept stays without subscribers, as long as they are kept", () => {
  const map = new SubscriptionMap();
  map.keepEvents([{ uri: "x", match: "exact", limit: 5 }]);
  const { subscription, isNew } = map.add(a, "x", "exact");
  map.remove(a, subscription.id);
  expect([isNew, map.get("x", "exact")]).toEqual([false, subscription]);
  map.keepEvents([{ uri: "x", match: "exact", limit: 7 }]);
  expect([map.get("x", "exact"), subscription.history?.limit]).toEqual([subscription, 7]);
  map.keepEvents([]);
  expect([map.get("x", "exact"), map.matches("x")]).toEqual([undefined, []]);
});

test("an id is not that of another subscription that comes in its place", () => {
  const map = new SubscriptionMap();
  const ids = Array.from({ length: 1000 }, () => {
    const { id } = map.add(a, "x", "exact").subscription;
    map.remove(a, id);
    return id;
  });
  expect(ids.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
  // Two of a thousand ids are the same once in eight runs.
  expect(new Set(ids).size).toBeGreaterThan(990);
  const { id } = map.add(a, "y", "exact").subscription;
  expect([map.byId(ids[0] as number), map.remove(a, ids[0] as number)]).toEqual([
    undefined,
    undefined,
  ]);
  expect(map.byId(id)?.uri).toBe("y");
});

test("a session that gives up a hundred subscriptions loses the one that it keeps only when it leaves", () => {
  const map = new SubscriptionMap();
  const { subscription } = map.add(a, "kept", "exact");
  for (let index = 0; index < 100; index++) {
    map.remove(a, map.add(a, `x.${index}`, "exact").subscription.id);
  }
  expect([map.removeAll(a), [...map.all()]]).toEqual([[subscription], []]);
});

test("sessions have what they subscribed to and did not give up, whatever they do", () => {
  const sessions = [{}, {}, {}] as RealmSession[];
  const change = fc.record({
    kind: fc.constantFrom("add", "add", "add", "remove", "remove", "leave"),
    session: fc.nat({ max: 2 }),
    uri: fc.constantFrom("a", "b", "c", "d", "e"),
    match: fc.constantFrom<MatchPolicy>("exact", "prefix", "wildcard"),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 200, maxLength: 400 }), (changes) => {
      const map = new SubscriptionMap({ maxPatterns: 10, maxCharacters: 12 });
      const kept = new Map(sessions.map((session) => [session, new Set<string>()]));
      for (const { kind, session: index, uri, match } of changes) {
        const session = sessions[index] as RealmSession;
        const own = kept.get(session) as Set<string>;
        const one = map.get(uri, match);
        const key = `${match} ${uri}`;
        if (kind === "leave") {
          const left = map.removeAll(session).map((gone) => `${gone.match} ${gone.uri}`);
          expect(left.toSorted()).toEqual([...own].toSorted());
          own.clear();
        } else if (kind === "remove") {
          const removed = one && map.remove(session, one.id);
          expect(removed !== undefined).toBe(own.delete(key));
        } else if (own.size < 10 || own.has(key)) {
          expect(map.add(session, uri, match).isRepeated).toBe(own.has(key));
          own.add(key);
        } else {
          expect(() => map.add(session, uri, match)).toThrow("this session has 10 already");
        }
        const used = new Set([...kept.values()].flatMap((keys) => [...keys]));
        const all = [...map.all()];
        expect(new Set(all.map((each) => `${each.match} ${each.uri}`))).toEqual(used);
        for (const each of all) {
          expect(map.byId(each.id)).toBe(each);
          for (const [owner, keys] of kept) {
            expect(each.has(owner)).toBe(keys.has(`${each.match} ${each.uri}`));
          }
        }
      }
    }),
    { numRuns: 30 },
  );
});

describe("the limits of a session", () => {
  const limits = { maxPatterns: 2, maxCharacters: 10 };

  test.each([
    [
      "subscribe to",
      (map = new SubscriptionMap(limits)) => ({
        map,
        add: (session: RealmSession, uri: string) => map.add(session, uri, "exact").subscription,
      }),
    ],
    [
      "register",
      (map = new RegistrationMap(limits)) => ({
        map,
        add: (session: RealmSession, uri: string) =>
          map.add(session, uri, "exact", "first").registration,
      }),
    ],
  ])("to %s are its own, and what it gives up is free again", (action, open) => {
    const { map, add } = open();
    const { id } = add(a, "x.1");
    add(a, "x.2");
    expect(() => add(a, "x.3")).toThrow(`Cannot ${action} "x.3": this session has 2 already`);
    expect(map.matches("x.3")).toEqual([]);
    expect(add(a, "x.1").id).toBe(id);
    expect(add(b, "x.3")).toBeDefined();
    map.remove(a, id);
    expect(() => add(a, "12345678")).toThrow(
      `Cannot ${action} "12345678": the URIs of this session would have more than 10 characters`,
    );
    add(a, "1234567");
    map.removeAll(a);
    add(a, "1234567890");
    expect(() => add(a, "1")).toThrow("more than 10 characters");
  });

  test("are 65,536 patterns and 16 Mi characters", () => {
    const map = new SubscriptionMap();
    for (let i = 1; i <= 65_536; i++) map.add(a, `x.${i}`, "exact");
    expect(() => map.add(a, "x", "exact")).toThrow("this session has 65536 already");
    const long = "x".repeat(16 * 1024 * 1024);
    expect(map.add(b, long, "exact")).toBeDefined();
    expect(() => map.add(b, "x", "exact")).toThrow("more than 16777216 characters");
  });
});
