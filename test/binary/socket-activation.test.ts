/** A node of the built binary that inherits its listening sockets, as systemd passes them. */

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { untilEnded } from "../support/process-end.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNodeWithin, workerPids } from "../support/temporary-node.ts";
import { command, proxyWorker } from "../support/upgraded-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";

const PARENT = resolve(import.meta.dir, "../python/listening_parent.py");

const tcp = (port: number, more: object = {}) => ({
  type: "tcp",
  port,
  interface: "127.0.0.1",
  ...more,
});

/** A node with these sockets; `sockets` are arguments of listening_parent.py. */
async function activatedNode(sockets: string[], workers: object[], folder = temporaryFolder()) {
  await Bun.write(join(folder, "node.json"), JSON.stringify({ version: 2, workers }));
  const node = await startNodeWithin([PYTHON, PARENT, ...sockets, "--"], folder);
  afterTest(async () => {
    await command(folder, "stop");
    await node.exited;
  });
  return node;
}

/** The status of the answer to a request of the page for clients without WebSocket. */
async function statusAt(place: { port: number } | { unix: string }): Promise<number> {
  const where = "port" in place ? `http://127.0.0.1:${place.port}/` : "http://localhost/";
  const options = "unix" in place ? { unix: place.unix } : {};
  return (await fetch(where, { ...options, headers: { Connection: "close" } })).status;
}

describe.if(hasPython && process.platform === "linux")("a node with inherited sockets", () => {
  test("serves on them, also with several workers of one port and after one has died", async () => {
    const port = freePort();
    const workers = ["one", "two"].map((id) =>
      proxyWorker(id, "router.sock", [tcp(port, { shared: true })]),
    );
    const node = await activatedNode([`web=tcp:127.0.0.1:${port}`], workers);
    expect(await statusAt({ port })).toBe(200);
    const pids = Object.values(workerPids(node.output()));
    expect(pids).toHaveLength(2);
    const from = node.output().length;
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await untilEnded(...pids);
    // The socket is open although no worker is there: the client waits.
    expect(await statusAt({ port })).toBe(200);
    await node.untilOutput(/worker started[\s\S]*worker started/, from);
    expect(node.output()).not.toContain("not used");
  }, 30_000);

  test("serves on a Unix socket, whose file it leaves to the one that made it", async () => {
    const folder = temporaryFolder();
    const unix = join(folder, "clients.sock");
    const workers = [proxyWorker("one", "router.sock", [{ type: "unix", path: "clients.sock" }])];
    const node = await activatedNode([`web=unix:${unix}`], workers, folder);
    expect(await statusAt({ unix })).toBe(200);
    expect(await node.stop()).toBe(0);
    expect(existsSync(unix)).toBe(true);
  });

  test("serves on a socket for all addresses, which systemd opens for IPv6 and IPv4", async () => {
    const port = freePort();
    const workers = [proxyWorker("one", "router.sock", [{ type: "tcp", port }])];
    const node = await activatedNode([`web=tcp:[::]:${port}`], workers);
    expect(await statusAt({ port })).toBe(200);
    expect(node.output()).not.toContain("not used");
  });

  test("warns of those that it has no use for, and opens what it did not get", async () => {
    const [port, other, datagrams] = [freePort(), freePort(), freePort()];
    const sockets = [`other=tcp:127.0.0.1:${other}`, `dns=udp:127.0.0.1:${datagrams}`];
    const node = await activatedNode(sockets, [proxyWorker("one", "router.sock", [tcp(port)])]);
    expect(await statusAt({ port })).toBe(200);
    expect(node.output()).toMatch(
      RegExp(`no transport listens there where="?127\\.0\\.0\\.1 ${other}"? name=other`),
    );
    expect(node.output()).toMatch(/it is no stream socket that listens descriptor=4 name=dns/);
  });

  test("takes none that are for another process", async () => {
    const port = freePort();
    process.env["LISTEN_PID"] = "1";
    try {
      const node = await activatedNode(
        [`web=tcp:127.0.0.1:${freePort()}`],
        [proxyWorker("one", "router.sock", [tcp(port)])],
      );
      expect(await statusAt({ port })).toBe(200);
      expect(node.output()).not.toContain("inherited");
    } finally {
      delete process.env["LISTEN_PID"];
    }
  });

  test("passes them on when its program is replaced", async () => {
    const port = freePort();
    const workers = ["one", "two"].map((id) =>
      proxyWorker(id, "router.sock", [tcp(port, { shared: true })]),
    );
    const node = await activatedNode([`web=tcp:127.0.0.1:${port}`], workers);
    expect(await command(node.folder, "upgrade")).toMatchObject({ exitCode: 0 });
    await untilEnded(node.pid);
    expect(await statusAt({ port })).toBe(200);
    expect(node.output()).not.toContain("not used");
  }, 30_000);
});
