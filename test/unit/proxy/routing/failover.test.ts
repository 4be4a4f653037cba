import { describe, expect, test } from "bun:test";
import { Failure } from "#base/failure.ts";
import type { Backend } from "#proxy/routing/backend.ts";
import { Failover } from "#proxy/routing/failover.ts";
import { unreachableBackend as backend, routeOver } from "../../../support/unreachable-backend.ts";

const failover = (...ids: string[]) =>
  new Failover(
    routeOver(
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

  test("goes on behind a backend that its configuration makes useless, and fails with it", async () => {
    const useless = (id: string) => (backend: Backend) => {
      if (backend.config.id === id) throw new Failure(`Cannot use ${id}`, { source: "config" });
      return openExcept("a")(backend);
    };
    expect(await failover("a", "b", "c").next(useless("b"))).toBe("c");
    await expect(failover("a", "b").next(useless("b"))).rejects.toMatchObject({
      message: "Cannot join: none of 2 routers takes the session; cannot use b",
      source: "config",
    });
  });

  test("goes on behind a router that did not take the session, which is down then", async () => {
    const [one, other] = [backend("a"), backend("b")];
    const both = new Failover(routeOver([one, other], "round_robin"));
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
    const only = new Failover(routeOver([one], "round_robin"));
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
    const both = new Failover(routeOver([one, other], "round_robin"));
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
