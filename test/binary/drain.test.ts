/** How a node of the built binary lets its clients go: what comes first, what is waited for, and for how long. */

import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { type AutobahnSession, Connection, serializer } from "autobahn";
import { afterTest } from "../support/cleanups.ts";
import { proxiedNodeConfig } from "../support/proxied-node.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode } from "../support/temporary-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";
import { wampSocket } from "../support/wamp-socket.ts";

/** More parts of a worker. */
interface Parts {
  router?: object;
  proxy?: object;
}

/** A proxy before a router, with these options of the controller. */
async function drainingNode(options: object, parts: Parts = {}) {
  const [proxyPort = 0, routerPort = 0] = freePorts(2);
  const { version, workers } = proxiedNodeConfig({ proxyPort, routerPort });
  const [router, proxy] = workers;
  const config = {
    version,
    controller: { options },
    workers: [
      { ...router, ...parts.router },
      { ...proxy, ...parts.proxy },
    ],
  };
  const folder = temporaryFolder({ "node.json": config });
  const node = await startNode(folder);
  afterTest(() => node.kill("SIGKILL"));
  const at = (port: number) => `ws://127.0.0.1:${port}/`;
  /** Has the node take its configuration again, without the proxy. */
  const removeProxy = async () => {
    const without = { ...config, workers: config.workers.slice(0, 1) };
    await Bun.write(join(folder, "node.json"), JSON.stringify(without));
    node.kill("SIGHUP");
  };
  return { node, proxy: at(proxyPort), router: at(routerPort), removeProxy };
}

/** A joined client of Autobahn that does not come back. */
async function autobahn(url: string) {
  const connection = new Connection({
    url,
    realm: "realm1",
    max_retries: 0,
    serializers: [new serializer.JSONSerializer()],
  });
  const ended = Promise.withResolvers<void>();
  connection.onclose = () => {
    ended.resolve();
    return true;
  };
  const session = await new Promise<AutobahnSession>((resolve) => {
    connection.onopen = (joined) => resolve(joined);
    connection.open();
  });
  return { session, ended: ended.promise };
}

/** A joined client that says what a test tells it to say. */
async function joined(url: string) {
  const client = await wampSocket(url);
  client.says([1, "realm1", { roles: { caller: {} } }]);
  expect((await client.next())[0]).toBe(2);
  return client;
}

/** A node with a call that its callee has got, and answers when a test says so. */
async function busyNode(options: object, parts: Parts = {}) {
  const { node, proxy, router, removeProxy } = await drainingNode(options, parts);
  const callee = await autobahn(router);
  const asked = Promise.withResolvers<(answer: string) => void>();
  await callee.session.register("com.example.slow", () => new Promise(asked.resolve));
  const caller = await autobahn(proxy);
  const answer = Promise.resolve(caller.session.call("com.example.slow", []));
  answer.catch(() => {});
  return { node, proxy, removeProxy, caller, callee, answer, answers: await asked.promise };
}

/** Resolves when nothing listens on a port any more. */
async function untilRefused(port: number): Promise<void> {
  for (;;) {
    try {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
      socket.end();
    } catch {
      return;
    }
  }
}

const GOODBYE = [6, expect.anything(), "wamp.close.system_shutdown"];

describe("a node that is asked to end", () => {
  test("still takes clients for shutdown_delay, and then ends their sessions", async () => {
    const { node, proxy } = await drainingNode({ shutdown_delay: 1 });
    node.kill("SIGTERM");
    await node.untilOutput(/node is not ready any more/);
    const client = await joined(proxy);
    expect(await client.next()).toEqual(GOODBYE);
    expect(await node.exited).toBe(0);
  });

  test("answers calls under way before their sessions end, and takes no new clients", async () => {
    const busy = await busyNode({ lame_duck_duration: 600 });
    const idle = await joined(busy.proxy);
    busy.node.kill("SIGTERM");
    expect(await idle.next()).toEqual(GOODBYE);
    await expect(wampSocket(busy.proxy)).rejects.toBeDefined();
    busy.answers("done");
    expect(await busy.answer).toBe("done");
    await busy.caller.ended;
    await busy.callee.ended;
    // Nothing is waited for any more.
    expect(await busy.node.exited).toBe(0);
  });

  test("ends at the end of lame_duck_duration though a call has no answer", async () => {
    const { node, caller } = await busyNode({ lame_duck_duration: 1 });
    node.kill("SIGTERM");
    await caller.ended;
    expect(await node.exited).toBe(0);
  });

  test("by SIGUSR2 lets SIGTERM pass that follows, as Kubernetes sends it behind preStop", async () => {
    const busy = await busyNode({ shutdown_delay: 0.2, lame_duck_duration: 600 });
    const idle = await joined(busy.proxy);
    busy.node.kill("SIGUSR2");
    await busy.node.untilOutput(/shutdown requested signal=SIGUSR2/);
    busy.node.kill("SIGTERM");
    expect(await idle.next()).toEqual(GOODBYE);
    busy.answers("done");
    expect(await busy.answer).toBe("done");
    expect(await busy.node.exited).toBe(0);
  });

  test("ends at once at the second SIGTERM", async () => {
    const { node, caller } = await busyNode({ shutdown_delay: 600, lame_duck_duration: 600 });
    node.kill("SIGTERM");
    await node.untilOutput(/node is not ready any more/);
    node.kill("SIGTERM");
    expect(await node.exited).toBe(143);
    await caller.ended;
  });

  test.if(hasPython)(
    "keeps the components of its routers until the clients have gone",
    async () => {
      const component = { type: "class", classname: "twisted_components.Service", realm: "realm1" };
      const router = {
        options: { python: PYTHON, pythonpath: [resolve(import.meta.dir, "../python")] },
        components: [component],
      };
      const busy = await busyNode({ lame_duck_duration: 600 }, { router });
      const idle = await joined(busy.proxy);
      busy.node.kill("SIGTERM");
      expect(await idle.next()).toEqual(GOODBYE);
      expect(await busy.caller.session.call("com.example.add", [2, 3])).toBe(5);
      busy.answers("done");
      expect(await busy.answer).toBe("done");
      expect(await busy.node.exited).toBe(0);
      expect(busy.node.output()).toContain("onLeave of the service");
    },
  );

  test("answers requests over HTTP that wait for a call", async () => {
    const [port = 0] = freePorts(1);
    const bridge = {
      type: "web",
      endpoint: { type: "tcp", port, interface: "127.0.0.1" },
      paths: { "/": { type: "caller", realm: "realm1", role: "anonymous" } },
    };
    const { node, router } = await drainingNode(
      { lame_duck_duration: 600 },
      { proxy: { transports: [bridge] } },
    );
    const callee = await autobahn(router);
    const asked = Promise.withResolvers<(answer: string) => void>();
    await callee.session.register("com.example.slow", () => new Promise(asked.resolve));
    const answer = fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"procedure": "com.example.slow"}',
    });
    const answers = await asked.promise;
    node.kill("SIGTERM");
    await node.untilOutput(/shutdown requested/);
    await untilRefused(port);
    answers("done");
    expect(await (await answer).json()).toEqual({ args: ["done"] });
    expect(await node.exited).toBe(0);
  });
});

describe("a proxy that a reload removes", () => {
  test("answers calls under way before its sessions end, and takes no new clients", async () => {
    const busy = await busyNode({ lame_duck_duration: 600 });
    const idle = await joined(busy.proxy);
    await busy.removeProxy();
    expect(await idle.next()).toEqual(GOODBYE);
    await expect(wampSocket(busy.proxy)).rejects.toBeDefined();
    busy.answers("done");
    expect(await busy.answer).toBe("done");
    await busy.caller.ended;
    await busy.node.untilOutput(/configuration reloaded .*removed=/);
    // The router of the callee serves on.
    expect(await busy.callee.session.call("wamp.session.count", [])).toBe(1);
  });

  test("is waited for by a node that is to end meanwhile", async () => {
    const busy = await busyNode({ lame_duck_duration: 600 });
    const idle = await joined(busy.proxy);
    await busy.removeProxy();
    expect(await idle.next()).toEqual(GOODBYE);
    busy.node.kill("SIGTERM");
    await busy.node.untilOutput(/shutdown requested/);
    busy.answers("done");
    expect(await busy.answer).toBe("done");
    await busy.caller.ended;
    expect(await busy.node.exited).toBe(0);
    const stopped = [...busy.node.output().matchAll(/worker stopped id=(\S+)/g)];
    expect(stopped.map(([, id]) => id)).toEqual(["proxy", "router"]);
  });
});
