/** The program of a running node of the built binary is replaced, while clients connect and call all the time. */

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askNode } from "#node/command-socket.ts";
import { connectingClients, echoCallee } from "../support/connecting-clients.ts";
import { PollClient } from "../support/longpoll-client.ts";
import { isRunning, untilEnded } from "../support/process-end.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, freePorts, workerPids } from "../support/temporary-node.ts";
import {
  command,
  nodePid,
  proxyWorker,
  routerWorker,
  separateRouter,
  upgradableNode,
} from "../support/upgraded-node.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const tcp = (port: number, more: object = {}) => ({
  type: "tcp",
  port,
  interface: "127.0.0.1",
  ...more,
});

/** Of a proxy that no client joins. */
const NO_ROUTER = "router.sock";

const UPGRADED =
  /^Upgraded the node in ".+" from \S+ to \S+: process (\d+) serves; process (\d+) ends/;

/** A joined client that says what a test tells it to say. */
async function joined(url: string) {
  const client = await wampSocket(url);
  client.says([1, "realm1", { roles: { caller: {}, callee: {} } }]);
  expect((await client.next())[0]).toBe(2);
  return client;
}

describe.if(process.platform === "linux")("crossproxy upgrade", () => {
  test.each([
    ["a port that workers share", { shared: true }, 2],
    ["a port of one worker", {}, 1],
  ])(
    "refuses no client on %s, and loses no call",
    async (_, more, workers) => {
      const router = await separateRouter();
      const port = freePort();
      const node = await upgradableNode(
        Array.from({ length: workers }, (__, index) =>
          proxyWorker(`proxy${index}`, router.socket, [tcp(port, more)]),
        ),
      );
      const url = `ws://127.0.0.1:${port}/`;
      await echoCallee(router.url);
      const callee = await joined(router.url);
      callee.says([64, 1, {}, "com.example.slow"]);
      await callee.next();
      const caller = await joined(url);
      caller.says([48, 1, {}, "com.example.slow"]);
      const [, invocation] = await callee.next();

      const clients = connectingClients(url, 8);
      const { output, exitCode } = await command(node.folder, "upgrade", "node.json");
      const [, successor, predecessor] = UPGRADED.exec(output) ?? [output];
      expect(exitCode).toBe(0);
      expect(Number(predecessor)).toBe(node.pid);
      expect(nodePid(node.folder)).toBe(Number(successor));
      // A session with a call under way ends behind the answer.
      callee.says([70, invocation, {}, ["late"]]);
      expect(await caller.next()).toEqual([50, 1, {}, ["late"]]);
      expect((await caller.next())[0]).toBe(6);
      await untilEnded(node.pid);
      const before = clients.all.joined;
      while (clients.all.joined < before + 20) await Bun.sleep(5);
      const { answered, lost } = await clients.stop();
      expect(lost).toEqual([]);
      expect(answered).toBeGreaterThan(40);
    },
    60_000,
  );

  test("is followed by a node that commands reach, and that can be upgraded again", async () => {
    const node = await upgradableNode([proxyWorker("proxy", NO_ROUTER, [tcp(freePort())])]);
    const { folder } = node;
    expect(await command(folder, "upgrade")).toMatchObject({ exitCode: 0 });
    const second = nodePid(folder);
    await untilEnded(node.pid);
    expect(existsSync(join(folder, "node.pid"))).toBe(true);
    expect(await command(folder, "status", "--assert", "running")).toMatchObject({ exitCode: 0 });
    expect((await command(folder, "reload")).output).toContain("has not changed");
    expect(await command(folder, "upgrade")).toMatchObject({ exitCode: 0 });
    await untilEnded(second);
    const third = nodePid(folder);
    expect(await command(folder, "stop")).toMatchObject({ exitCode: 0 });
    expect(isRunning(third)).toBe(false);
    expect(existsSync(join(folder, "node.pid"))).toBe(false);
    expect(existsSync(join(folder, ".node.sock"))).toBe(false);
  }, 60_000);

  test("hands a Unix socket over, and the ports of a range to the same workers", async () => {
    const router = await separateRouter();
    const unix = { type: "unix", path: "clients.sock" };
    const port = freePort();
    const range = tcp(port, { portrange: [port, port + 20] });
    const node = await upgradableNode([
      proxyWorker("one", router.socket, [unix, range]),
      proxyWorker("two", router.socket, [range]),
    ]);
    const urls = () => node.output().match(/ws:\S+$/gm) ?? [];
    const before = urls();
    expect(await command(node.folder, "upgrade")).toMatchObject({ exitCode: 0 });
    await untilEnded(node.pid);
    while (urls().length < before.length * 2) await Bun.sleep(5);
    expect(urls().slice(before.length)).toEqual(before);
    await joined(before.at(-1) ?? "");
    const socket = await Bun.connect({
      unix: join(node.folder, "clients.sock"),
      socket: { data() {} },
    });
    socket.end();
    await command(node.folder, "stop");
    expect(existsSync(join(node.folder, "clients.sock"))).toBe(false);
  }, 60_000);

  test("lets sessions over long polling reach the process that has them", async () => {
    const router = await separateRouter();
    const port = freePort();
    const node = await upgradableNode([proxyWorker("proxy", router.socket, [tcp(port)])]);
    const client = await PollClient.open(port);
    expect(await command(node.folder, "upgrade")).toMatchObject({ exitCode: 0 });
    await client.says([1, "realm1", { roles: { caller: {} } }]);
    expect((await client.next())[0]).toBe(2);
  }, 60_000);

  test.each([
    ["a configuration with a fault", { version: 2, workers: [{ type: "proxie" }] }, /type/],
    ["a port in use", null, /address already in use/],
  ])(
    "leaves the node as it is where the new process finds %s",
    async (_, next, reason) => {
      const router = await separateRouter();
      const [port = 0, other = 0] = freePorts(2);
      const first = proxyWorker("proxy", router.socket, [tcp(port)]);
      const node = await upgradableNode([first]);
      using taken = Bun.listen({ hostname: "127.0.0.1", port: other, socket: { data() {} } });
      const second = proxyWorker("other", router.socket, [tcp(taken.port)]);
      const changed = next ?? { version: 2, workers: [first, second] };
      const file = join(node.folder, "node.json");
      writeFileSync(file, JSON.stringify(changed));
      const client = await joined(`ws://127.0.0.1:${port}/`);
      const { output, exitCode } = await command(node.folder, "upgrade", "node.json");
      expect(exitCode).toBe(1);
      expect(output).toMatch(/^Cannot upgrade the node in ".+": .+; it goes on as it is\n$/);
      expect(output).toMatch(reason);
      expect(nodePid(node.folder)).toBe(node.pid);
      client.says([64, 1, {}, "com.example.lives"]);
      expect((await client.next())[0]).toBe(65);
    },
    60_000,
  );

  test("leaves the file of a Unix socket where the new process cannot serve", async () => {
    const unix = (permission: string) =>
      proxyWorker("unix", NO_ROUTER, [{ type: "unix", path: "clients.sock", permission }]);
    const node = await upgradableNode([unix("666")]);
    const path = join(node.folder, "clients.sock");
    const mode = () => statSync(path).mode & 0o777;
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const use = (...workers: object[]) =>
      Bun.write(join(node.folder, "node.json"), JSON.stringify({ version: 2, workers }));
    await use(unix("600"), proxyWorker("tcp", NO_ROUTER, [tcp(taken.port)]));
    const { output } = await command(node.folder, "upgrade", "node.json");
    expect(output).toContain("address already in use");
    (await Bun.connect({ unix: path, socket: { data() {} } })).end();
    expect(mode()).toBe(0o666);
    await use(unix("600"));
    await command(node.folder, "upgrade", "node.json");
    while (mode() !== 0o600) await Bun.sleep(5);
    await command(node.folder, "stop");
    expect(existsSync(path)).toBe(false);
  }, 60_000);

  // Linux keeps 11 datagrams for a receiver unless it is told otherwise.
  test("hands over the sockets of more workers than the system queues messages", async () => {
    const node = await upgradableNode(
      Array.from({ length: 13 }, (_, index) =>
        proxyWorker(`proxy${index}`, NO_ROUTER, [{ type: "unix", path: `${index}.sock` }]),
      ),
    );
    expect(await command(node.folder, "upgrade")).toMatchObject({ exitCode: 0 });
  }, 60_000);

  test.each([
    [["/bin/false"], "the new process ended with exit code 1; its output says why"],
    [["/nowhere/crossproxy"], 'cannot run "/nowhere/crossproxy": '],
  ])(
    "leaves the node as it is where the program is %p",
    async (program, reason) => {
      const node = await upgradableNode([proxyWorker("proxy", NO_ROUTER, [tcp(freePort())])]);
      const asked = { command: "upgrade", program, isForced: false } as const;
      const { isDone, text } = await askNode(node.folder, asked);
      expect(isDone).toBe(false);
      expect(text).toContain(reason);
      expect(await command(node.folder, "upgrade")).toMatchObject({ exitCode: 0 });
    },
    60_000,
  );

  test("says so where the new process ends as it takes over, and ends", async () => {
    const node = await upgradableNode([proxyWorker("proxy", NO_ROUTER, [tcp(freePort())])]);
    const script = join(
      temporaryFolder({
        "program.js": `process.send({ kind: "ready", release: "9" });
          process.on("message", () => process.exit(3));`,
      }),
      "program.js",
    );
    const program = [process.execPath, script];
    const { isDone, text } = await askNode(node.folder, {
      command: "upgrade",
      program,
      isForced: false,
    });
    expect(isDone).toBe(false);
    expect(text).toEndWith("the new process ended as it took over; nothing serves any more");
    expect(await node.exited).toBe(1);
  });

  test("refuses to end the sessions of routers, unless it is forced to", async () => {
    const port = freePort();
    const node = await upgradableNode([routerWorker(port)]);
    const { output, exitCode } = await command(node.folder, "upgrade");
    expect(exitCode).toBe(1);
    expect(output).toContain('worker "worker001" is a router');
    const client = await joined(`ws://127.0.0.1:${port}/`);
    expect(await command(node.folder, "upgrade", "--force")).toMatchObject({ exitCode: 0 });
    await joined(`ws://127.0.0.1:${port}/`);
    expect((await client.next())[0]).toBe(6);
    await untilEnded(node.pid);
  }, 60_000);

  test("runs guests once: those of the node before have ended", async () => {
    const folder = temporaryFolder();
    const script = `echo $$ >> ${folder}/pids; exec sleep 1000`;
    const guest = { type: "guest", executable: "/bin/sh", arguments: ["-c", script] };
    const node = await upgradableNode([guest, proxyWorker("proxy", NO_ROUTER, [tcp(freePort())])]);
    const pids = () => readFileSync(join(folder, "pids"), "utf8").split("\n").map(Number);
    while (!existsSync(join(folder, "pids"))) await Bun.sleep(5);
    const [first = 0] = pids();
    expect(await command(node.folder, "upgrade")).toMatchObject({ exitCode: 0 });
    expect(isRunning(first)).toBe(false);
    while (pids().length < 3) await Bun.sleep(5);
  }, 60_000);

  test("hands over which routers are marked down, until they are marked up", async () => {
    const router = await separateRouter();
    const port = freePort();
    const { folder } = await upgradableNode([proxyWorker("proxy", router.socket, [tcp(port)])]);
    const answer = async () => {
      const client = await wampSocket(`ws://127.0.0.1:${port}/`);
      client.says([1, "realm1", { roles: { caller: {} } }]);
      return (await client.next())[0];
    };
    expect(await command(folder, "backend", "down", "router")).toMatchObject({ exitCode: 0 });
    expect(await answer()).toBe(3);
    expect(await command(folder, "upgrade")).toMatchObject({ exitCode: 0 });
    expect(await answer()).toBe(3);
    const { output } = await command(folder, "status");
    expect(output).toBe('Status is RUNNING\nBackend "router" is marked down\n');
    expect(await command(folder, "backend", "up", "router")).toMatchObject({ exitCode: 0 });
    expect(await answer()).toBe(2);
  }, 60_000);

  test("hands over the mark of a router that is marked down meanwhile", async () => {
    const node = await upgradableNode([proxyWorker("proxy", NO_ROUTER, [tcp(freePort())])]);
    const { folder } = node;
    const upgraded = command(folder, "upgrade");
    await node.untilOutput(/upgrade requested/);
    const mark = { command: "backend", connection: "router", address: null, isDown: true } as const;
    // While the new process takes over, none takes commands.
    while (!(await askNode(folder, mark).catch(() => null))?.isDone) await Bun.sleep(5);
    expect(await upgraded).toMatchObject({ exitCode: 0 });
    expect((await command(folder, "status")).output).toEndWith('"router" is marked down\n');
  }, 60_000);

  test("ends the new process, too, when the node is asked to end meanwhile", async () => {
    const node = await upgradableNode([proxyWorker("proxy", NO_ROUTER, [tcp(freePort())])]);
    const asked = command(node.folder, "upgrade");
    await node.untilOutput(/upgrade requested/);
    node.kill("SIGTERM");
    await asked;
    await node.exited;
    expect(Object.values(workerPids(node.output())).some(isRunning)).toBe(false);
  }, 60_000);
});
