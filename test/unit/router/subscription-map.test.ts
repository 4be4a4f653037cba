import { describe, expect, test } from "bun:test";
import type { RealmSession } from "#router/realm-session.ts";
import { RegistrationMap } from "#router/registration-map.ts";
import { SubscriptionMap } from "#router/subscription-map.ts";

const [a, b] = [{}, {}] as [RealmSession, RealmSession];

test("one subscription is shared by all sessions with its pattern", () => {
  const map = new SubscriptionMap();
  const { id } = map.add(a, "x.y", "exact");
  expect(map.add(b, "x.y", "exact").id).toBe(id);
  expect(map.add(a, "x.y", "exact").subscribers).toEqual(new Set([a, b]));
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
  const { id } = map.add(a, "x", "exact");
  map.add(b, "x", "exact");
  expect([map.remove(a, id), map.remove(a, id), map.matches("x").length]).toEqual([true, false, 1]);
  expect([map.remove(b, id + 1), map.remove(b, id), map.matches("x")]).toEqual([false, true, []]);
  expect(map.remove(b, id)).toBe(false);
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

describe("the limits of a session", () => {
  const limits = { maxPatterns: 2, maxCharacters: 10 };

  test.each([
    [
      "subscribe to",
      (map = new SubscriptionMap(limits)) => ({
        map,
        add: (session: RealmSession, uri: string) => map.add(session, uri, "exact"),
      }),
    ],
    [
      "register",
      (map = new RegistrationMap(limits)) => ({
        map,
        add: (session: RealmSession, uri: string) => map.add(session, uri, "exact", "first"),
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
