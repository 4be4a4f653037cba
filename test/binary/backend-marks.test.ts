/** An operator marks routers of a node of the built binary down, and up again. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type AdminNode, adminNode, connectionAt, samplesOf } from "../support/admin-node.ts";
import { afterTest } from "../support/cleanups.ts";
import { untilEnded } from "../support/process-end.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { BINARY, workerPids } from "../support/temporary-node.ts";

/** A node whose two proxies reach the router over `one` and over `two`, for the realm `realm2`. */
async function node(on_down: "keep" | "close" = "keep"): Promise<AdminNode> {
  const one = { ...connectionAt("router.sock"), on_down };
  return await adminNode({ more: { one, two: connectionAt("router.sock") }, realms: ["realm2"] });
}

async function join2(url: string): Promise<ScriptedClient> {
  const client = await ScriptedClient.open(url, "json");
  afterTest(() => client.socket.destroy());
  client.says([1, "realm2", { roles: { caller: {} } }]);
  expect((await client.next())?.[0]).toBe(2);
  return client;
}

const manyJoin = (url: string, count = 8) =>
  Promise.all(Array.from({ length: count }, () => join2(url)));

/** The routers of the open sessions of the proxies. */
async function backends({ ask }: AdminNode): Promise<Set<string>> {
  const { connections } = (await (await ask("/connz")).json()) as {
    connections: { backend: string | null }[];
  };
  return new Set(connections.flatMap(({ backend }) => backend ?? []));
}

async function answerGoodbye(client: ScriptedClient): Promise<void> {
  if ((await client.next())?.[2] !== "wamp.close.system_shutdown") return;
  client.says([6, {}, "wamp.close.goodbye_and_out"]);
}

async function crossproxy({ node: { folder } }: AdminNode, ...args: string[]) {
  const child = Bun.spawn([BINARY, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

async function mark({ ask }: AdminNode, state: "down" | "up", connection: string) {
  const answer = await ask(`/backends?connection=${connection}&state=${state}`, { method: "POST" });
  return [answer.status, await answer.text()];
}

/** Kills a proxy, and resolves once it serves again. */
async function restartProxy({ node: { output, untilOutput }, ask }: AdminNode) {
  const pid = workerPids(output())["proxy1"] ?? 0;
  process.kill(pid, "SIGKILL");
  await untilEnded(pid);
  await untilOutput(/worker died/);
  while ((await ask("/readyz")).status !== 200) await Bun.sleep(1);
}

describe("a router that is marked down", () => {
  test("gets no session of any proxy, of one that is started later either, until it is up", async () => {
    const started = await node();
    const { url } = started;
    const down = await crossproxy(started, "backend", "down", "one");
    expect(down).toEqual({
      exitCode: 0,
      stdout: 'Backend "one" is marked down; sessions on it: 0\n',
      stderr: "",
    });
    await manyJoin(url);
    expect(await backends(started)).toEqual(new Set(["two"]));
    await restartProxy(started);
    await manyJoin(url);
    expect(await backends(started)).toEqual(new Set(["two"]));
    const up = await crossproxy(started, "backend", "up", "one", "node.json");
    expect(up.stdout).toBe('Backend "one" gets new sessions again\n');
    await manyJoin(url);
    expect(await backends(started)).toEqual(new Set(["one", "two"]));
  });

  test.each([
    ["keep", ["one", "two"]],
    ["close", ["two"]],
  ] as const)("with on_down %s has its sessions go on, or end", async (on_down, left) => {
    const started = await node(on_down);
    const clients = await manyJoin(started.url);
    const facts = async () =>
      (await (await started.ask("/backends")).json()) as {
        backends: { connection: string; sessions: number }[];
      };
    const onOne = (await facts()).backends.filter(({ connection }) => connection === "one");
    const sessions = onOne.reduce((sum, one) => sum + one.sessions, 0);
    expect(sessions).toBeGreaterThan(0);
    const [status, text] = await mark(started, "down", "one");
    const kept = on_down === "keep" ? sessions : 0;
    expect([status, text]).toEqual([
      200,
      `Backend "one" is marked down; sessions on it: ${kept}\n`,
    ]);
    for (const client of clients) void answerGoodbye(client);
    // Those that are ended stay until their clients have answered.
    while (!Bun.deepEquals(await backends(started), new Set(left))) await Bun.sleep(5);
  });

  test("stays so after a reload, and shows everywhere", async () => {
    const started = await node();
    const { node: running, ask, url } = started;
    expect((await mark(started, "down", "one"))[0]).toBe(200);
    const file = join(running.folder, "node.json");
    const config = await Bun.file(file).json();
    for (const { connections } of config.workers.slice(1)) connections.one.on_down = "close";
    await Bun.write(file, JSON.stringify(config));
    expect((await crossproxy(started, "reload")).exitCode).toBe(0);
    await manyJoin(url);
    expect(await backends(started)).toEqual(new Set(["two"]));
    expect(await (await ask("/readyz")).json()).toEqual({
      ready: true,
      lacks: [],
      marked_down: ['"one"'],
    });
    const samples = samplesOf(
      await (await ask("/metrics")).text(),
      "crossproxy_router_marked_down",
    );
    expect(samples.filter(([, value]) => value > 0)).toEqual([
      ['worker="proxy1",connection="one"', 1],
      ['worker="proxy2",connection="one"', 1],
    ]);
    expect((await crossproxy(started, "status")).stdout).toBe(
      'Status is RUNNING\nBackend "one" is marked down\n',
    );
    await running.untilOutput(/backend marked down connection=one/);
  });

  test("makes the node unready where its route has no other", async () => {
    const started = await node();
    await mark(started, "down", "one");
    await mark(started, "down", "two");
    const answer = await started.ask("/readyz");
    const { lacks } = (await answer.json()) as { lacks: string[] };
    const sentence = 'has "one", "two" marked down for realm "realm2", role "anonymous"';
    expect([answer.status, lacks]).toEqual([
      503,
      [`worker "proxy1" ${sentence}`, `worker "proxy2" ${sentence}`],
    ]);
    const client = await ScriptedClient.open(started.url, "json");
    client.says([1, "realm2", { roles: { caller: {} } }]);
    expect(await client.next()).toMatchObject([3, {}, "wamp.error.network_failure"]);
  });
});

test("what cannot be marked is refused with a sentence", async () => {
  const started = await node();
  const sentence =
    'Cannot mark backend "three" down: no proxy has a connection of this name; there are "conn1", "one", "two"\n';
  expect(await mark(started, "down", "three")).toEqual([422, sentence]);
  expect(await crossproxy(started, "backend", "down", "three")).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: sentence,
  });
  expect((await crossproxy(started, "backend", "left", "one")).exitCode).toBe(2);
  const answer = await started.ask("/backends?connection=one&state=left", { method: "POST" });
  expect([answer.status, await answer.text()]).toEqual([
    400,
    'Cannot mark a backend "left": expected down, up\n',
  ]);
});
