/** What systemd is told of a node of the built binary. */

import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { untilEnded } from "../support/process-end.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, nodeForTest } from "../support/temporary-node.ts";
import { command, nodePid } from "../support/upgraded-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";

const SCRIPT = resolve(import.meta.dir, "../python/notify_socket.py");

/** A socket as systemd's; its datagrams come one by one. */
async function notifySocket(address: string): Promise<() => Promise<string>> {
  const child = Bun.spawn([PYTHON, SCRIPT, address], { stdout: "pipe" });
  afterTest(() => {
    child.kill();
    return child.exited;
  });
  const reader = child.stdout.getReader();
  let text = "";
  const next = async () => {
    while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
    const [line = "", ...others] = text.split("\n");
    text = others.join("\n");
    return line;
  };
  expect(await next()).toBe("bound");
  return next;
}

/** A node that is started as by systemd; its guest prints the variables that it has inherited. */
async function startedBySystemd(environment: Record<string, string>) {
  const web = {
    type: "web",
    endpoint: { type: "tcp", port: freePort(), interface: "127.0.0.1" },
    paths: { "/": { type: "nodeinfo" } },
  };
  const guest = {
    type: "guest",
    executable: "/bin/sh",
    arguments: ["-c", "env | grep -c -e NOTIFY -e WATCHDOG; exec sleep 1000"],
    options: { env: { inherit: true } },
  };
  const workers = [{ type: "router", realms: [], transports: [web] }, guest];
  Object.assign(process.env, environment);
  try {
    return await nodeForTest(temporaryFolder({ "node.json": { version: 2, workers } }));
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
  }
}

describe.if(hasPython && process.platform === "linux")("systemd is told", () => {
  test.each([
    ["of a start, a reload and the end", (folder: string) => join(folder, "notify")],
    ["over an abstract socket", () => `@crossproxy-test-${crypto.randomUUID()}`],
  ])("%s", async (_, addressIn) => {
    const address = addressIn(temporaryFolder());
    const next = await notifySocket(address);
    const before = performance.timeOrigin;
    const node = await startedBySystemd({ NOTIFY_SOCKET: address });
    expect(await next()).toBe("READY=1");
    await node.untilOutput(/\b0$/m);
    node.kill("SIGHUP");
    const [, micros = "0"] = /^RELOADING=1 MONOTONIC_USEC=(\d+)$/.exec(await next()) ?? [];
    // The clock of the machine, not that of a process.
    const uptime = Number((await Bun.file("/proc/uptime").text()).split(" ")[0]) * 1e6;
    expect(Math.abs(uptime - Number(micros))).toBeLessThan(Date.now() * 1000 - before * 1000);
    expect(await next()).toBe("READY=1");
    node.kill("SIGTERM");
    expect(await next()).toBe("STOPPING=1");
    expect(await node.exited).toBe(0);
  });

  test("that the node still lives, in half of the time after which it counts as hung", async () => {
    const address = join(temporaryFolder(), "notify");
    const next = await notifySocket(address);
    await startedBySystemd({ NOTIFY_SOCKET: address, WATCHDOG_USEC: "200000" });
    const said = new Set<string>();
    while (said.size < 2) said.add(await next());
    expect([...said].toSorted()).toEqual(["READY=1", "WATCHDOG=1"]);
    expect(await next()).toBe("WATCHDOG=1");
  });

  test("which process is the main one from now on, when the program is replaced", async () => {
    const address = join(temporaryFolder(), "notify");
    const next = await notifySocket(address);
    const node = await startedBySystemd({ NOTIFY_SOCKET: address, WATCHDOG_USEC: "86400000000" });
    expect(await next()).toBe("READY=1");
    await command(node.folder, "upgrade", "--force");
    const pid = nodePid(node.folder);
    expect(pid).not.toBe(node.pid);
    expect([await next(), await next()]).toEqual([`MAINPID=${pid}`, "READY=1"]);
    await untilEnded(node.pid);
    await command(node.folder, "stop");
    expect(await next()).toBe("STOPPING=1");
  }, 60_000);

  test("nothing of another process's watchdog", async () => {
    const address = join(temporaryFolder(), "notify");
    const next = await notifySocket(address);
    const watchdog = { WATCHDOG_USEC: "1000", WATCHDOG_PID: String(process.pid) };
    const node = await startedBySystemd({ NOTIFY_SOCKET: address, ...watchdog });
    node.kill("SIGTERM");
    await node.exited;
    expect([await next(), await next()]).toEqual(["READY=1", "STOPPING=1"]);
  });
});

test("a socket that is not there keeps no node from running", async () => {
  const node = await startedBySystemd({ NOTIFY_SOCKET: "/nowhere/notify" });
  expect(await node.stop()).toBe(0);
});
