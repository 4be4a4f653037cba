import { describe, expect, test } from "bun:test";
import type { Backend } from "#proxy/routing/backend.ts";
import type { Route } from "#proxy/routing/realm-routes.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { unreachableBackend as backend, routeOver } from "../../../support/unreachable-backend.ts";

function down(id: string, sessions = 0): Backend {
  const made = backend(id, sessions);
  made.failed("");
  return made;
}

/** A backend that came up a quarter of the slow start ago. */
function slow(id: string): Backend {
  const pass = fakeTime();
  const made = down(id);
  made.succeeded();
  pass(250);
  return made;
}

/** The ids of the backends that so many sessions are given in turn, each of which stays. */
function take(route: Route, sessions: number, tried = new Set<Backend>()): string {
  const taken = Array.from({ length: sessions }, () => {
    const next = route.next(tried);
    if (next) next.sessions += 1;
    return next?.config.id ?? "none";
  });
  return taken.join("");
}

describe("round robin", () => {
  test("gives each backend its turn, whatever sessions they have", () => {
    const route = routeOver([backend("a", 9), backend("b"), backend("c")], "round_robin");
    expect(take(route, 7)).toBe("abcabca");
  });

  test("gives a backend that has a smaller share fewer turns, between those of others", () => {
    const route = routeOver([backend("a"), slow("b")], "round_robin");
    expect(take(route, 10)).toBe("aabaaaabaa");
  });
});

describe("least sessions", () => {
  test("prefers the backend with the fewest", () => {
    const all = [backend("a", 2), backend("b"), backend("c")];
    const route = routeOver(all, "least_sessions");
    expect(take(route, 4)).not.toContain("a");
    take(route, 6);
    expect(all.map(({ sessions }) => sessions)).toEqual([4, 4, 4]);
  });

  test("takes those with as many in turn", () => {
    const all = [backend("a"), backend("b")];
    const route = routeOver(all, "least_sessions");
    const taken = Array.from({ length: 4 }, () => {
      for (const one of all) one.sessions = 0;
      return take(route, 1);
    });
    expect(taken.join("")).toBe("abab");
  });

  test("counts a session as more on a backend with a smaller share", () => {
    const route = routeOver([backend("a"), slow("b")], "least_sessions");
    expect(take(route, 5)).toBe("aaaab");
  });
});

describe.each(["round_robin", "least_sessions"] as const)(
  "a router that is down (%s)",
  (policy) => {
    test("is tried when those that are up were", () => {
      const [one, up] = [down("a"), backend("b", 5)];
      const route = routeOver([one, up, down("c", 5)], policy);
      expect(take(route, 3)).toBe("bbb");
      expect(take(route, 1, new Set([up]))).toBe("a");
    });

    test("is tried all the same where none is up", () => {
      const all = [down("a"), down("b")];
      take(routeOver(all, policy), 4);
      expect(all.map(({ sessions }) => sessions)).toEqual([2, 2]);
    });
  },
);

test("a route is exhausted when each of its backends was tried", () => {
  const [one, other] = [backend("a"), backend("b")];
  const route = routeOver([one, other], "round_robin");
  expect(route.isExhausted(new Set())).toBe(false);
  expect(route.isExhausted(new Set([one]))).toBe(false);
  expect(take(route, 1, new Set([one]))).toBe("b");
  const all = new Set([one, other]);
  expect(route.isExhausted(all)).toBe(true);
  expect(take(route, 1, all)).toBe("none");
});

test("a route was reached when any of its backends was", () => {
  const [one, other] = [backend("a"), backend("b")];
  const route = routeOver([one, other], "round_robin");
  expect(route.wasReached).toBe(false);
  other.succeeded();
  expect(route.wasReached).toBe(true);
});
