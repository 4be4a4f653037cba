import { describe, expect, test } from "bun:test";
import { Failure } from "#base/failure.ts";
import { Backend } from "#proxy/routing/backend.ts";
import { Failover, Route } from "#proxy/routing/route.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { quiet } from "../../../support/quiet-context.ts";

function backend(id: string, sessions = 0): Backend {
  const made = new Backend(
    {
      id,
      transport: {
        type: "rawsocket",
        endpoint: { type: "unix", path: `/run/${id}.sock`, timeoutMs: 1000 },
        serializer: "cbor",
        max_message_size: 2 ** 24,
      },
      auth: "anonymous-proxy",
      health_check: { interval: 1_000_000, rise: 1, fall: 1, while_up: false },
    },
    { log: quiet, slowStartMs: 1000 },
  );
  afterTest(() => made.stop());
  made.sessions = sessions;
  return made;
}

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
    const route = new Route([backend("a", 9), backend("b"), backend("c")], "round_robin");
    expect(take(route, 7)).toBe("abcabca");
  });

  test("gives a backend that has a smaller share fewer turns, between those of others", () => {
    const route = new Route([backend("a"), slow("b")], "round_robin");
    expect(take(route, 10)).toBe("aabaaaabaa");
  });
});

describe("least sessions", () => {
  test("prefers the backend with the fewest", () => {
    const all = [backend("a", 2), backend("b"), backend("c")];
    const route = new Route(all, "least_sessions");
    expect(take(route, 4)).not.toContain("a");
    take(route, 6);
    expect(all.map(({ sessions }) => sessions)).toEqual([4, 4, 4]);
  });

  test("takes those with as many in turn", () => {
    const all = [backend("a"), backend("b")];
    const route = new Route(all, "least_sessions");
    const taken = Array.from({ length: 4 }, () => {
      for (const one of all) one.sessions = 0;
      return take(route, 1);
    });
    expect(taken.join("")).toBe("abab");
  });

  test("counts a session as more on a backend with a smaller share", () => {
    const route = new Route([backend("a"), slow("b")], "least_sessions");
    expect(take(route, 5)).toBe("aaaab");
  });
});

describe.each(["round_robin", "least_sessions"] as const)(
  "a router that is down (%s)",
  (policy) => {
    test("is tried when those that are up were", () => {
      const [one, up] = [down("a"), backend("b", 5)];
      const route = new Route([one, up, down("c", 5)], policy);
      expect(take(route, 3)).toBe("bbb");
      expect(take(route, 1, new Set([up]))).toBe("a");
    });

    test("is tried all the same where none is up", () => {
      const all = [down("a"), down("b")];
      take(new Route(all, policy), 4);
      expect(all.map(({ sessions }) => sessions)).toEqual([2, 2]);
    });
  },
);

test("a route is exhausted when each of its backends was tried", () => {
  const [one, other] = [backend("a"), backend("b")];
  const route = new Route([one, other], "round_robin");
  expect(route.isExhausted(new Set())).toBe(false);
  expect(route.isExhausted(new Set([one]))).toBe(false);
  expect(take(route, 1, new Set([one]))).toBe("b");
  const all = new Set([one, other]);
  expect(route.isExhausted(all)).toBe(true);
  expect(take(route, 1, all)).toBe("none");
});

test("a route was reached when any of its backends was", () => {
  const [one, other] = [backend("a"), backend("b")];
  const route = new Route([one, other], "round_robin");
  expect(route.wasReached).toBe(false);
  other.succeeded();
  expect(route.wasReached).toBe(true);
});

const failover = (...ids: string[]) =>
  new Failover(
    new Route(
      ids.map((id) => backend(id)),
      "round_robin",
    ),
  );
const routerFailure = (sentence: string) => new Failure(sentence, { source: "router" });

/** Opens a session, its backend's id, except on these backends. */
const openExcept =
  (...down: string[]) =>
  async ({ config: { id } }: Backend) => {
    if (down.includes(id)) throw routerFailure(`Cannot connect to ${id}: it is down`);
    return id;
  };

describe("failover", () => {
  test("returns the session of the first backend that opens one", async () => {
    expect(await failover("a", "b", "c").next(openExcept("a", "b"))).toBe("c");
  });

  test("continues behind the backend of the last session", async () => {
    const three = failover("a", "b", "c");
    expect(await three.next(openExcept())).toBe("a");
    expect(await three.next(openExcept("b"))).toBe("c");
    expect(three.isExhausted).toBe(true);
  });

  test("fails with the one failure of a single backend", async () => {
    const only = failover("a").next(openExcept("a"));
    await expect(only).rejects.toThrow("Cannot connect to a: it is down");
  });

  test("fails with one sentence for several backends", async () => {
    const several = failover("a", "b").next(openExcept("a", "b"));
    await expect(several).rejects.toMatchObject({
      message: "Cannot join: none of 2 routers takes the session; cannot connect to b: it is down",
      source: "router",
      cause: expect.objectContaining({ message: "Cannot connect to b: it is down" }),
    });
  });

  test("goes on behind a router that did not take the session, which is down then", async () => {
    const [one, other] = [backend("a"), backend("b")];
    const both = new Failover(new Route([one, other], "round_robin"));
    await both.next(openExcept());
    const failure = both.failed(one, "no WELCOME within 5 ms");
    const sentence = 'Cannot join over connection "a": no WELCOME within 5 ms';
    expect(failure).toMatchObject({
      message: sentence,
      source: "router",
      uri: "wamp.error.network_failure",
    });
    expect([one.isUp, both.isExhausted]).toEqual([false, false]);
    expect(await both.next(openExcept())).toBe("b");
    both.failed(other, "it shuts down");
    await expect(both.next(openExcept())).rejects.toThrow(
      'none of 2 routers takes the session; cannot join over connection "b": it shuts down',
    );
  });

  test("does not count it against a router that ended a join, but checks it at once", async () => {
    const one = backend("a");
    const only = new Failover(new Route([one], "round_robin"));
    await only.next(openExcept());
    only.lost(one, "it closed the connection");
    expect(one.isUp).toBe(true);
    await expect(only.next(openExcept())).rejects.toMatchObject({
      message: 'Cannot join over connection "a": it closed the connection',
    });
    // There is no socket at its path.
    while (one.isUp) await new Promise((resolve) => setImmediate(resolve));
  });

  test("knows whether any router of the route was reached", () => {
    const [one, other] = [backend("a"), backend("b")];
    const both = new Failover(new Route([one, other], "round_robin"));
    expect(both.routerWasReached).toBe(false);
    other.succeeded();
    expect(both.routerWasReached).toBe(true);
  });

  test("has a sentence also where the only router has taken a session before", async () => {
    const only = failover("a");
    expect(await only.next(openExcept())).toBe("a");
    await expect(only.next(openExcept())).rejects.toMatchObject({ source: "router" });
  });

  test("tries no other backend at a failure of the client's side", async () => {
    const failed = failover("a", "b").next(async () => {
      throw new Failure("Cannot join: no", { source: "client" });
    });
    await expect(failed).rejects.toMatchObject({ message: "Cannot join: no", source: "client" });
  });

  test("tries no other backend when the attempt is canceled", async () => {
    const tried: string[] = [];
    const canceled = failover("a", "b").next(async ({ config }) => {
      tried.push(config.id);
      throw new DOMException("canceled", "AbortError");
    });
    await expect(canceled).rejects.toThrow("canceled");
    expect(tried).toEqual(["a"]);
  });
});
