/** Failover: the backends of a route, each tried once for one session. */

import { describe, expect, test } from "bun:test";
import { Failure } from "#base/failure.ts";
import { Backend } from "#proxy/routing/backend.ts";
import { Failover, Route } from "#proxy/routing/route.ts";
import { quiet } from "../../../support/quiet-context.ts";

const backend = (id: string) =>
  new Backend(
    {
      id,
      transport: {
        type: "rawsocket",
        endpoint: { type: "unix", path: `/run/${id}.sock`, timeoutMs: 1000 },
        serializer: "cbor",
        max_message_size: 2 ** 24,
      },
      auth: "anonymous-proxy",
    },
    { log: quiet, slowStartMs: 0 },
  );

const failover = (...ids: string[]) => new Failover(new Route(ids.map(backend), "round_robin"));
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
    });
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
