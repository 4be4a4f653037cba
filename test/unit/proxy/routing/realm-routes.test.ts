import { afterEach, describe, expect, jest, test } from "bun:test";
import type { BalancingConfig, ConnectionConfig } from "#config/connection/connection-config.ts";
import type { Backend } from "#proxy/routing/backend.ts";
import { Failover } from "#proxy/routing/failover.ts";
import { RealmRoutes, type Route } from "#proxy/routing/realm-routes.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { quiet } from "../../../support/quiet-context.ts";

const tables: RealmRoutes[] = [];
afterEach(() => {
  for (const table of tables.splice(0)) table.stop();
});

const connection = (id: string, fall = 1, rise = 2): ConnectionConfig => ({
  id,
  transport: {
    type: "rawsocket",
    endpoint: { type: "unix", path: `/run/${id}.sock`, timeoutMs: 1000 },
    serializer: "cbor",
    max_message_size: 2 ** 24,
  },
  auth: "anonymous-proxy",
  health_check: { interval: 60_000, rise, fall, while_up: false },
});

function table(routes: Record<string, Record<string, string[]>>, balancing?: BalancingConfig) {
  const connections = Object.fromEntries(["a", "b", "c"].map((id) => [id, connection(id)]));
  const made = new RealmRoutes({ connections, routes, ...(balancing && { balancing }) }, quiet);
  tables.push(made);
  return made;
}

/** Ids of those that one session would try, in order. */
function order(route: Route): string[] {
  const tried = new Set<Backend>();
  for (let next = route.next(tried); next; next = route.next(tried)) tried.add(next);
  return [...tried].map(({ config }) => config.id);
}

const first = (route: Route) => route.next(new Set()) as Backend;
const abc = { realm1: { user: ["a", "b", "c"] } };

describe("RealmRoutes", () => {
  const routes = table({
    realm1: { user: ["a"], "*": ["b"] },
    realm2: { user: ["a"] },
    "*": { user: ["b"], "*": ["c"] },
  });

  test.each([
    ["realm1", "user", "a"],
    ["realm1", "guest", "b"],
    ["realm2", "user", "a"],
    ["realm3", "user", "b"],
    ["realm3", "guest", "c"],
  ])("leads realm %p and role %p to %p", (realm, role, id) => {
    expect(order(routes.routeFor(realm, role))).toEqual([id]);
  });

  test("does not look at realm * for a role that a named realm leaves out", () => {
    expect(() => routes.routeFor("realm2", "guest")).toThrow(
      expect.objectContaining({
        source: "client",
        uri: "wamp.error.no_such_role",
        message: 'Cannot join realm "realm2" as "guest": no route leads to it',
      }),
    );
  });

  test("refuses a realm that no route leads to", () => {
    const named = table({ realm1: { user: ["a"] } });
    const refusal = expect.objectContaining({
      source: "client",
      uri: "wamp.error.no_such_realm",
      message: 'Cannot join realm "realm2": no route leads to it',
    });
    expect(() => named.routeFor("realm2", "user")).toThrow(refusal);
    expect(() => named.routeForAnyRole("realm2")).toThrow(refusal);
  });

  test("has a route over each connection alone, which shares its backend", () => {
    expect(["a", "b", "c"].map((id) => order(routes.routeOver(id)))).toEqual([["a"], ["b"], ["c"]]);
    expect(first(routes.routeOver("a"))).toBe(first(routes.routeFor("realm2", "user")));
  });

  test("has no route over a connection that is not configured", () => {
    const fault = expect.objectContaining({
      source: "config",
      message: 'Cannot join over connection "d": it is not configured any more',
    });
    expect(() => routes.routeOver("d")).toThrow(fault);
    expect(() => table({ realm1: { user: ["d"] } })).toThrow(fault);
  });

  test("stops the checks of all its backends", () => {
    fakeTime();
    const stopped = table({});
    const timers = jest.getTimerCount();
    for (const id of ["a", "b", "c"]) first(stopped.routeOver(id)).failed("gone");
    expect(jest.getTimerCount()).toBe(timers + 3);
    stopped.stop();
    expect(jest.getTimerCount()).toBe(timers);
  });

  test.each(["a b", "a..b", ".", "#", "a.\n"])(
    "takes %j for no realm that * stands for",
    (realm) => {
      expect(() => routes.routeFor(realm, "user")).toThrow(
        expect.objectContaining({ uri: "wamp.error.no_such_realm" }),
      );
    },
  );

  test("has one route for a session whose role is not known", () => {
    expect(order(routes.routeForAnyRole("realm1"))).toEqual(["b"]);
    expect(order(routes.routeForAnyRole("realm2"))).toEqual(["a"]);
    expect(order(routes.routeForAnyRole("realm3"))).toEqual(["c"]);
  });
});

describe("a route with several backends", () => {
  test("lets them take turns, and tries each once for one session", () => {
    const route = table(abc).routeFor("realm1", "user");
    expect([1, 2, 3, 4].map(() => first(route).config.id)).toEqual(["a", "b", "c", "a"]);
    expect(order(route).toSorted()).toEqual(["a", "b", "c"]);
  });

  test("tries those that are down last, all of them", () => {
    const route = table(abc).routeFor("realm1", "user");
    first(route).failed("gone");
    first(route).failed("gone");
    expect([order(route)[0], order(route)[0]]).toEqual(["c", "c"]);
    expect(order(route)).toHaveLength(3);
    first(route).failed("gone");
    expect(order(route).toSorted()).toEqual(["a", "b", "c"]);
  });

  test("prefers the one with the fewest sessions where that is the policy", () => {
    const balancing = { policy: "least_sessions", slow_start: 0 } as const;
    const route = table(abc, balancing).routeFor("realm1", "user");
    const taken = Array.from({ length: 6 }, () => {
      const backend = first(route);
      backend.sessions += 1;
      return backend;
    });
    expect(new Set(taken).size).toBe(3);
    (taken[1] as Backend).sessions = 0;
    expect(first(route)).toBe(taken[1] as Backend);
  });

  test.each(["round_robin", "least_sessions"] as const)(
    "gives one that is up again a tenth at first: %s",
    (policy) => {
      const balancing = { policy, slow_start: 3_600_000 };
      const route = table({ realm1: { user: ["a", "b"] } }, balancing).routeFor("realm1", "user");
      const a = first(route);
      a.failed("gone");
      a.succeeded();
      a.succeeded();
      expect(a.isUp).toBe(true);
      let toA = 0;
      for (let session = 0; session < 110; session++) {
        const backend = first(route);
        backend.sessions += 1;
        if (backend === a) toA += 1;
      }
      expect(toA).toBeGreaterThanOrEqual(8);
      expect(toA).toBeLessThanOrEqual(12);
    },
  );
});

describe("a route table that replaces another", () => {
  const connections = { a: connection("a"), b: connection("b") };
  const config = { connections, routes: { realm1: { user: ["a"], guest: ["b"] } } };
  const tableOf = (parts: Partial<typeof config>, before?: RealmRoutes) => {
    const made = new RealmRoutes({ ...config, ...parts }, quiet, before);
    tables.push(made);
    return made;
  };

  test("has the routes and backends that have not changed, with what they know", () => {
    const before = tableOf({});
    const user = before.routeFor("realm1", "user");
    first(user).sessions = 7;
    const after = tableOf({ connections: { ...connections, b: connection("b", 9) } }, before);
    expect(after.routeFor("realm1", "user")).toBe(user);
    expect(after.routeOver("a")).toBe(before.routeOver("a"));
    expect(after.routeFor("realm1", "guest")).not.toBe(before.routeFor("realm1", "guest"));
    expect(after.figures().map(({ sessions }) => sessions)).toEqual([7, 0]);
  });

  test("has another route where the order, the number or the policy is another", () => {
    const before = tableOf({ routes: { realm1: { user: ["a", "b"], guest: ["a"] } } });
    const turned = tableOf({ routes: { realm1: { user: ["b", "a"], guest: ["a", "b"] } } }, before);
    for (const role of ["user", "guest"]) {
      expect(turned.routeFor("realm1", role)).not.toBe(before.routeFor("realm1", role));
    }
    const balancing = { policy: "least_sessions", slow_start: 0 } as const;
    const other = new RealmRoutes({ ...config, balancing }, quiet, before);
    tables.push(other);
    expect(other.routeOver("a")).not.toBe(before.routeOver("a"));
    expect(first(other.routeOver("a"))).toBe(first(before.routeOver("a")));
  });

  test("has no connection any more that was removed", () => {
    const after = tableOf({ connections: { a: connection("a"), b: connection("c") } }, tableOf({}));
    expect(first(after.routeOver("b")).config.id).toBe("c");
    expect(() => after.routeOver("c")).toThrow("it is not configured any more");
  });
});

describe("a route with backends that are marked down", () => {
  const down = (...ids: string[]) => ids.map((connection) => ({ connection, address: null }));

  test("leads to the others alone, also when those have failed", () => {
    const routes = table(abc);
    const route = routes.routeFor("realm1", "user");
    routes.mark(down("b"));
    expect(order(route)).toEqual(["a", "c"]);
    routes.mark(down("a", "c"));
    expect(order(route)).toEqual(["b"]);
    expect(route.isExhausted(new Set())).toBe(false);
    routes.mark(down("a", "b", "c"));
    expect([order(route), route.isExhausted(new Set())]).toEqual([[], true]);
    routes.mark([]);
    expect(order(route).toSorted()).toEqual(["a", "b", "c"]);
  });

  test("refuses a session when no other is left", async () => {
    const routes = table(abc);
    routes.mark(down("a", "b", "c"));
    const failover = new Failover(routes.routeFor("realm1", "user"));
    const opening = failover.next(() => Promise.reject(new Error("it is asked")));
    await expect(opening).rejects.toMatchObject({
      message: "Cannot join: every router of the route is marked down",
      source: "router",
      uri: "wamp.error.network_failure",
    });
  });

  test("has the marks also in another configuration", () => {
    const before = table(abc);
    before.mark(down("b"));
    const connections = { b: connection("b", 2), c: connection("c") };
    const after = new RealmRoutes(
      { connections, routes: { realm1: { user: ["b", "c"] } } },
      quiet,
      before,
    );
    tables.push(after);
    expect(order(after.routeFor("realm1", "user"))).toEqual(["c"]);
    expect(after.backends()).toEqual([
      { connection: "b", address: null, health: "unknown", sessions: 0, isMarkedDown: true },
      { connection: "c", address: null, health: "unknown", sessions: 0, isMarkedDown: false },
    ]);
  });
});
