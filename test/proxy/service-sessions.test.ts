/** Service sessions where clients ask for realms without end. */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { RouteTable } from "#proxy/routing/route-table.ts";
import { ServiceSessions } from "#proxy/service/service-sessions.ts";
import { afterTest } from "../support/cleanups.ts";
import { connectionTo } from "../support/proxy-worker.ts";
import { quiet } from "../support/quiet-context.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** As many as a worker keeps. */
const PLACES = 256;

async function start() {
  const path = join(temporaryFolder(), "router.sock");
  const router = await scriptedRouter(path);
  const routes = new RouteTable(
    {
      connections: { router: connectionTo("router", path) },
      routes: { "*": { "*": ["router"] } },
    },
    quiet,
  );
  const services = new ServiceSessions({ routes, node: { nodeId: "node" }, log: quiet });
  afterTest(() => routes.stop());
  afterTest(() => services.shutdown());
  const ask = (realm: string) => {
    const { signal } = new AbortController();
    const call = { realm, role: null, procedure: "com.example.auth", args: [], signal };
    const answer = services.through(null).call(call);
    answer.catch(() => {});
    return answer;
  };
  /** The session that has just come joins, and its first call is answered. */
  const answered = async (answer: Promise<unknown>) => {
    const session = await router.session();
    await session.welcome();
    expect((await session.next())[0]).toBe(48);
    session.says([50, 1, {}, ["user"]]);
    expect(await answer).toBe("user");
    return session;
  };
  return { router, ask, answered };
}

test("realms that no router answers about make room for one that is there", async () => {
  const { router, ask, answered } = await start();
  const known = await answered(ask("known"));
  for (let count = 0; count < PLACES; count++) {
    void ask(`realm${count}`);
    await router.session();
  }
  await answered(ask("realm1000"));
  const again = ask("known");
  expect((await known.next())[0]).toBe(48);
  known.says([50, 2, {}, ["user"]]);
  expect(await again).toBe("user");
});

test("unused sessions make room, the longest unused first, and those in use do not", async () => {
  const { ask, answered } = await start();
  const busy = await answered(ask("busy"));
  const waiting = ask("busy");
  expect((await busy.next())[0]).toBe(48);
  const unused = await answered(ask("unused"));
  for (let count = 2; count < PLACES; count++) await answered(ask(`realm${count}`));
  await answered(ask("realm1000"));
  expect(await unused.next()).toEqual([6, {}, "wamp.close.close_realm"]);
  busy.says([50, 2, {}, ["user"]]);
  expect(await waiting).toBe("user");
});
