/** Processes of a node of the built binary: ended, killed, started again. */

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterTest } from "../support/cleanups.ts";
import { untilEnded } from "../support/process-end.ts";
import { seedFolder } from "../support/seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  BINARY,
  freePort,
  nodeForTest,
  startNode,
  type TemporaryNode,
  workerPids,
} from "../support/temporary-node.ts";

async function startSeed(): Promise<{ node: TemporaryNode; port: number }> {
  const { folder, port } = seedFolder();
  const node = await startNode(folder);
  afterTest(() => node.kill("SIGKILL"));
  return { node, port };
}

/** A joined client that collects what it is told; `closed` resolves with the close code. */
async function joinRaw(port: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["wamp.2.json"]);
  const messages: unknown[][] = [];
  const welcome = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.onopen = () => socket.send('[1,"realm1",{"roles":{"caller":{}}}]');
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as unknown[];
    messages.push(message);
    if (message[0] === 2) welcome.resolve();
    if (message[0] === 6) socket.send('[6,{},"wamp.close.goodbye_and_out"]');
  };
  socket.onclose = ({ code }) => {
    welcome.reject(new Error(`closed with ${code}`));
    closed.resolve(code);
  };
  await welcome.promise;
  return { messages, closed: closed.promise };
}

/** The processor time of a process, in hundredths of a second. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

describe("a node", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "says GOODBYE to its clients on %s, removes its socket files and ends with 0",
    async (signal) => {
      const { node, port } = await startSeed();
      const client = await joinRaw(port);
      node.kill(signal);
      expect(await client.closed).toBe(1001);
      expect(client.messages.at(-1)?.[2]).toBe("wamp.close.system_shutdown");
      expect(await node.exited).toBe(0);
      expect(existsSync(`${node.folder}/routerws.sock`)).toBe(false);
    },
  );

  test("starts a killed worker again, and its sessions are told when the router dies", async () => {
    const { node, port } = await startSeed();
    const client = await joinRaw(port);
    const pids = workerPids(node.output());
    process.kill(pids["worker001"] ?? 0, "SIGKILL");
    expect(await client.closed).toBe(1001);
    expect(client.messages.at(-1)?.[2]).toBe("wamp.close.system_shutdown");
    const joinAgain = async (): Promise<object> =>
      joinRaw(port).catch(async () => {
        await Bun.sleep(20);
        return joinAgain();
      });
    expect(await joinAgain()).toBeObject();
    await node.untilOutput(/worker died/);
  });

  test("leaves no worker behind when the controller is killed", async () => {
    const { node } = await startSeed();
    const pids = Object.values(workerPids(node.output()));
    node.kill("SIGKILL");
    expect(pids).toHaveLength(3);
    await untilEnded(...pids);
  });

  test("ends stopped workers when the controller is killed", async () => {
    const { node, port } = await startSeed();
    const client = await joinRaw(port);
    const pids = Object.values(workerPids(node.output()));
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    node.kill("SIGKILL");
    expect(await client.closed).toBe(1001);
    expect(client.messages.at(-1)?.[2]).toBe("wamp.close.system_shutdown");
    expect(pids).toHaveLength(3);
    await untilEnded(...pids);
  });

  test("that ends starts no worker again, however long another one takes to end", async () => {
    const guest = { type: "guest", executable: "sh", arguments: ["-c", "echo started; exit 3"] };
    const transport = { type: "websocket.testee", endpoint: { type: "unix", path: "t.sock" } };
    const testee = { type: "websocket-testee", id: "testee", transport };
    const folder = temporaryFolder({ "node.json": { version: 2, workers: [testee, guest] } });
    const node = await nodeForTest(folder);
    process.kill(workerPids(node.output())["testee"] ?? 0, "SIGSTOP");
    await node.untilOutput(/worker keeps ending .*ends=5/);
    const before = node.output().length;
    expect(await node.stop()).toBe(0);
    const output = node.output().slice(before);
    expect(output).toContain("worker killed: did not end in time");
    expect(output.split("shutdown requested")[1]).not.toContain("started");
  });

  test("takes no processor time once its guests have ended", async () => {
    const guest = { type: "guest", executable: "true" };
    const folder = temporaryFolder({ "node.json": { version: 2, workers: [guest] } });
    const node = await nodeForTest(folder);
    await node.untilOutput(/worker ended/);
    // What has to be done at the end of a guest may take a while.
    for (let taken = 100; taken >= 5; ) {
      const before = processorTime(node.pid);
      await Bun.sleep(300);
      taken = processorTime(node.pid) - before;
    }
  });

  test("starts over a stale socket file, and never takes a live one", async () => {
    const { node, port } = await startSeed();
    // Else it would be refused as a second node of the folder.
    rmSync(`${node.folder}/node.pid`);
    const other = readFileSync(`${node.folder}/node.json`, "utf8").replaceAll(
      String(port),
      String(freePort()),
    );
    writeFileSync(`${node.folder}/other.json`, other);
    const second = Bun.spawn([BINARY, "other.json"], { cwd: node.folder, stderr: "pipe" });
    expect(await second.exited).toBe(1);
    expect(await new Response(second.stderr).text()).toContain("routerws.sock");
    expect(existsSync(`${node.folder}/routerws.sock`)).toBe(true);

    const pids = Object.values(workerPids(node.output()));
    // The workers first, and a controller that cannot see it: a worker that outlived its controller by a moment
    // would still tidy up.
    for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
      for (const pid of [...pids, node.pid]) process.kill(pid, signal);
    }
    await untilEnded(...pids);
    expect(existsSync(`${node.folder}/routerws.sock`)).toBe(true);
    const again = await startNode(node.folder);
    afterTest(() => again.kill("SIGKILL"));
  });
});
