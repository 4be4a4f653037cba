/** The commands that start, stop and show a node: the built binary, real processes and signals. */

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { blocksOf } from "../support/documents.ts";
import { untilEnded } from "../support/process-end.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  BINARY,
  freePort,
  nodeForTest,
  startNode,
  startNodeWithin,
  workerPids,
} from "../support/temporary-node.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const everything = { call: true, register: true, publish: true, subscribe: true };
const permissions = [{ uri: "", match: "prefix", allow: everything }];
const realms = [{ name: "realm1", roles: [{ name: "anonymous", permissions }] }];

/** A folder with a node of one router, whose clients join on this port. */
function routerFolder(): { folder: string; port: number } {
  const port = freePort();
  const endpoint = { type: "tcp", port, interface: "127.0.0.1" };
  const paths = { ws: { type: "websocket" }, info: { type: "nodeinfo" } };
  const worker = { type: "router", id: "router1", realms };
  const workers = [{ ...worker, transports: [{ type: "web", endpoint, paths }] }];
  return { folder: temporaryFolder({ "node.json": { version: 2, workers } }), port };
}

/** Runs a command in a folder until its end. */
async function run(folder: string, ...words: string[]) {
  const child = Bun.spawn([BINARY, ...words], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

const readPid = (folder: string) => JSON.parse(readFileSync(join(folder, "node.pid"), "utf8"));

describe("one node runs in a folder", () => {
  test("and node.pid names it, its command line and its options, as in Crossbar", async () => {
    const { folder } = routerFolder();
    const node = await nodeForTest(folder, "--loglevel", "debug");
    expect(readPid(folder)).toMatchObject({
      pid: node.pid,
      argv: ["crossproxy", "node.json", "--loglevel", "debug"],
      options: { command: "start", loglevel: "debug", config: "node.json", cbdir: null },
    });
    const second = await run(folder, "node.json");
    expect(second).toEqual({
      stdout: "",
      stderr: `Cannot start a node in "${folder}": one is running there already, with process id ${node.pid}\n`,
      exitCode: 1,
    });
    expect(readPid(folder).pid).toBe(node.pid);
    expect(await node.stop()).toBe(0);
    expect(existsSync(join(folder, "node.pid"))).toBe(false);
  });

  test("and the file of one that was killed keeps no other from starting", async () => {
    const { folder } = routerFolder();
    const node = await startNode(folder);
    node.kill("SIGKILL");
    await untilEnded(...Object.values(workerPids(node.output())));
    expect(readPid(folder).pid).toBe(node.pid);
    expect((await run(folder, "status")).stdout).toBe("Status is STOPPED\n");
    const again = await nodeForTest(folder);
    expect(readPid(folder).pid).toBe(again.pid);
  });

  test("and no file stays where the configuration has faults", async () => {
    const folder = temporaryFolder({ "node.json": "{" });
    expect((await run(folder, "start")).exitCode).toBe(78);
    expect(existsSync(join(folder, "node.pid"))).toBe(false);
  });
});

test("status says whether a node runs, and asserts it with Crossbar's exit codes", async () => {
  const { folder } = routerFolder();
  const status = (...words: string[]) => run(folder, "status", ...words);
  const said = (stdout: string, stderr: string, exitCode: number) => ({ stdout, stderr, exitCode });
  expect(await status()).toEqual(said("Status is STOPPED\n", "", 0));
  const failed = "Assert status RUNNING failed: status is STOPPED\n";
  expect(await status("--assert", "running")).toEqual(said("", failed, 69));
  await nodeForTest(folder);
  expect(await status("node.json")).toEqual(said("Status is RUNNING\n", "", 0));
  const running = "Assert status RUNNING succeeded: status is RUNNING\n";
  expect(await status("--cbdir", folder, "--assert", "running")).toEqual(said(running, "", 0));
  const stopped = "Assert status STOPPED failed: status is RUNNING\n";
  expect(await status("--assert=stopped")).toEqual(said("", stopped, 69));
});

test("a node without its file is not taken for one that has ended", async () => {
  const { folder } = routerFolder();
  // As on a disk that is full, nothing can be written.
  const node = await startNodeWithin(
    ["/bin/sh", "-c", `trap "" XFSZ; ulimit -f 0; exec "$0" "$@"`],
    folder,
  );
  afterTest(() => node.stop());
  expect(node.output()).toContain("a second node in this folder is not noticed");
  expect(existsSync(join(folder, "node.pid"))).toBe(false);
  expect((await run(folder, "status")).stdout).toBe("Status is RUNNING\n");
  expect(await run(folder, "stop")).toEqual({
    stdout: "",
    stderr: `Cannot stop the node in "${folder}": it has no node.pid, so that its process id is not known\n`,
    exitCode: 1,
  });
});

test("of a node whose controller hangs, status and top say that it does not answer", async () => {
  const { folder } = routerFolder();
  const node = await nodeForTest(folder);
  process.kill(node.pid, "SIGSTOP");
  const [status, top] = await Promise.all([run(folder, "status"), run(folder, "top")]);
  process.kill(node.pid, "SIGCONT");
  const state = `the node in "${folder}": it has not answered within 5 seconds\n`;
  expect(status).toEqual({
    stdout: "Status is RUNNING\n",
    stderr: `Cannot ask ${state}`,
    exitCode: 0,
  });
  expect(top).toEqual({ stdout: "", stderr: `Cannot get the figures of ${state}`, exitCode: 1 });
});

test.each([
  ["check", ["node.json", "other.json"]],
  ["start", ["node.json", "other.json"]],
  ["status", ["node.json", "other.json"]],
  ["version", ["node.json"]],
])("%s refuses words beyond its own", async (command, words) => {
  const { stderr, exitCode } = await run(routerFolder().folder, command, ...words);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining("too many arguments")]);
});

describe("stop", () => {
  test("ends the node in the order that clients see, and waits for its end", async () => {
    const { folder, port } = routerFolder();
    const node = await startNode(folder);
    const client = await wampSocket(`ws://127.0.0.1:${port}/ws`);
    client.says([1, "realm1", { roles: { caller: {} } }]);
    await client.next();
    const { stdout, stderr, exitCode } = await run(folder, "stop");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toBe(
      `SIGTERM sent to process ${node.pid}, which has 30 s to end\nThe node in "${folder}" has ended\n`,
    );
    expect((await client.next())[2]).toBe("wamp.close.system_shutdown");
    expect(await node.exited).toBe(0);
  });

  test("gives a node the time in which its clients leave", async () => {
    const { folder } = routerFolder();
    const file = join(folder, "node.json");
    const { controller, ...node } = JSON.parse(readFileSync(file, "utf8"));
    const options = { shutdown_delay: 1, lame_duck_duration: 20 };
    await Bun.write(file, JSON.stringify({ ...node, controller: { ...controller, options } }));
    const { pid } = await startNode(folder);
    const { stdout } = await run(folder, "stop");
    expect(stdout).toStartWith(`SIGTERM sent to process ${pid}, which has 71 s to end\n`);
  });

  test("says where no node runs, with Crossbar's exit code", async () => {
    const { folder } = routerFolder();
    const stderr = `No node is running in "${folder}"\n`;
    expect(await run(folder, "stop")).toEqual({ stdout: "", stderr, exitCode: 69 });
  });

  test("kills a node that does not end", async () => {
    const { folder } = routerFolder();
    const node = await startNode(folder);
    const pids = Object.values(workerPids(node.output()));
    process.kill(node.pid, "SIGSTOP");
    const { stdout, exitCode } = await run(folder, "stop", "--timeout", "1");
    expect(exitCode).toBe(0);
    expect(stdout.match(/^SIG\w+/gm)).toEqual(["SIGTERM", "SIGTERM", "SIGKILL"]);
    await untilEnded(node.pid, ...pids);
  });
});

test("--shutdownafter ends the node by itself, and cleanly", async () => {
  const { folder } = routerFolder();
  const ended = await run(folder, "node.json", "--shutdownafter", "1");
  expect(ended.exitCode).toBe(0);
  expect(ended.stdout).toContain("shutdown requested after_s=1");
  const refused = await run(folder, "start", "--shutdownafter", "soon");
  expect(refused.stderr).toContain("expected seconds, a whole number from 0 to 2147483");
  expect(refused.exitCode).toBe(2);
});

test("options about Crossbar's own code are accepted, and warned of", async () => {
  const { folder } = routerFolder();
  const options = ["--debug-lifecycle", "--debug-programflow", "--vmprof", "--logdir", "logs"];
  const node = await nodeForTest(folder, ...options);
  for (const option of options.slice(0, 3)) {
    expect(node.output()).toContain(`${option} has no effect: it is about the code of Crossbar`);
  }
  expect(node.output()).toContain("--logdir has no effect without --logtofile");
});

describe("top", () => {
  test("prints the figures once where its output is no terminal", async () => {
    const { folder } = routerFolder();
    await nodeForTest(folder);
    const { stdout, stderr, exitCode } = await run(folder, "top");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^worker +type +state +restarts +CPU % +MiB +sessions/m);
    expect(stdout).toMatch(/^router1 +router +running +0 +\d+ +\d+ +0 /m);
  });

  test("shows them in a terminal until Ctrl-C, and leaves it as it was", async () => {
    const { folder } = routerFolder();
    await nodeForTest(folder);
    let screen = "";
    const shown = Promise.withResolvers<void>();
    const child = Bun.spawn([BINARY, "top"], {
      cwd: folder,
      terminal: {
        cols: 120,
        rows: 40,
        data(_terminal, octets) {
          screen += Buffer.from(octets).toString();
          if (screen.split("router1").length > 2) shown.resolve();
        },
      },
    });
    await shown.promise;
    child.terminal?.write("\u0003");
    expect(await child.exited).toBe(0);
    child.terminal?.close();
    expect(screen).toStartWith("\u001b[?1049h\u001b[?25l");
    expect(screen).toEndWith("\u001b[?25h\u001b[?1049l");
  });

  test("says why it has nothing to show", async () => {
    const { folder, port } = routerFolder();
    const { stderr, exitCode } = await run(folder, "top");
    expect(stderr).toBe(
      `Cannot get figures from "http://127.0.0.1:${port}/info": no program listens there\n`,
    );
    expect(exitCode).toBe(1);
    await nodeForTest(folder);
    const elsewhere = await run(folder, "top", "--url", `http://127.0.0.1:${port}/nowhere`);
    expect(elsewhere.stderr).toEndWith('/nowhere": it answers with 404\n');
    const other = temporaryFolder({ "node.json": { version: 2, workers: [] } });
    expect((await run(other, "top")).stderr).toContain(
      "no node that takes commands runs there, and it has neither controller.admin",
    );
  });
});

/** The command in the example for logrotate, for a node in this folder. */
function postrotate(folder: string): string {
  const example = blocksOf("docs/operations.md").find(({ text }) => text.includes("postrotate"));
  const [, command = ""] = /postrotate\n(.*)\n *endscript/.exec(example?.text ?? "") ?? [];
  return command.replaceAll("/var/lib/crossproxy", folder);
}

describe("the log", () => {
  test("is JSON to the last line, the table of workers included", async () => {
    const { folder } = routerFolder();
    const node = await startNode(folder, "--logformat", "json");
    await node.stop();
    const records = node
      .output()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const listens = records.find(({ event }) => event === "worker listens");
    expect(listens).toMatchObject({
      id: "router1",
      type: "router",
      worker_pid: expect.any(Number),
    });
    expect(listens.urls).toContain("/ws");
    expect(records.map(({ event }) => event)).toContain("node started");
    expect(records.at(-1)).toMatchObject({ event: "worker stopped" });
  });

  test("is JSON for what keeps a node from starting, too", async () => {
    const { folder } = routerFolder();
    await nodeForTest(folder);
    const broken = temporaryFolder({ "node.json": '{"version": 2,\n  "workers": 1}' });
    const started = async (where: string) => {
      const { stdout, stderr, exitCode } = await run(where, "node.json", "--logformat", "json");
      return { record: JSON.parse(`${stdout}${stderr}`), exitCode };
    };
    expect(await started(folder)).toMatchObject({ record: { level: "error" }, exitCode: 1 });
    expect(await started(broken)).toMatchObject({
      record: { level: "error", file: "node.json", line: 2, path: "$.workers" },
      exitCode: 78,
    });
  });

  test("goes to a file, which every process opens again after its rotation", async () => {
    const { folder, port } = routerFolder();
    const command = ["--logtofile", "--logdir", "logs"];
    const child = Bun.spawn([BINARY, "node.json", ...command], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    afterTest(() => child.kill("SIGKILL"));
    const read = (name: string) => {
      const file = join(folder, "logs", name);
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    };
    const until = async (name: string, wanted: RegExp) => {
      while (!wanted.test(read(name))) await Bun.sleep(5);
    };
    await until("node.log", /node started workers=1/);
    renameSync(join(folder, "logs/node.log"), join(folder, "logs/node.log.1"));
    Bun.spawnSync(["sh", "-ec", postrotate(folder)]);
    await until("node.log", /log file opened again/);
    const client = await wampSocket(`ws://127.0.0.1:${port}/ws`);
    client.says([1, "realm1", { roles: { caller: {} } }]);
    await client.next();
    await until("node.log", /\[Router .*session joined/);
    const before = read("node.log.1");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(read("node.log")).toMatch(/shutdown requested.*worker stopped/s);
    expect(read("node.log.1")).toBe(before);
    expect([await child.stdout.text(), await child.stderr.text()]).toEqual(["", ""]);
  });

  test("goes on to the old file where a new one cannot be opened, and to the streams from the start", async () => {
    const { folder } = routerFolder();
    const child = Bun.spawn([BINARY, "node.json", "--logtofile"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    afterTest(() => child.kill("SIGKILL"));
    const [file, old] = [join(folder, "node.log"), join(folder, "node.log.1")];
    const until = async (name: string, wanted: RegExp) => {
      while (!wanted.test(existsSync(name) ? readFileSync(name, "utf8") : "")) await Bun.sleep(5);
    };
    await until(file, /node started/);
    renameSync(file, old);
    mkdirSync(file);
    child.kill("SIGUSR1");
    const fault = 'log file not opened again reason="it is a directory"';
    await until(old, new RegExp(`\\[Controller .*${fault}`));
    await until(old, new RegExp(`\\[Router .*${fault}`));
    const [, pid] = /worker_pid=(\d+)/.exec(readFileSync(old, "utf8")) ?? [];
    process.kill(Number(pid), "SIGKILL");
    const { value } = await child.stderr.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toContain("log file not opened reason=");
    expect((await run(folder, "stop")).exitCode).toBe(0);
  });

  test("is refused where its file cannot be opened", async () => {
    const { folder } = routerFolder();
    mkdirSync(join(folder, "node.log"));
    const { stderr, exitCode } = await run(folder, "node.json", "--logtofile");
    expect(stderr).toBe(`Cannot write "${folder}/node.log": it is a directory\n`);
    expect(exitCode).toBe(1);
  });

  test("that goes to no file ignores the signal that opens a file again, with a line", async () => {
    const node = await nodeForTest(routerFolder().folder);
    node.kill("SIGUSR1");
    await node.untilOutput(/signal ignored: the log goes to no file signal=SIGUSR1/);
  });

  test("is colored where --color says so, and not by itself in a pipe", async () => {
    const { folder } = routerFolder();
    const colored = await startNode(folder, "--color", "true");
    await colored.stop();
    expect(colored.output()).toContain("\u001b[34m");
    expect(colored.output()).toContain("]\u001b[39m worker started");
    const plain = await startNode(folder);
    await plain.stop();
    expect(plain.output()).not.toContain("\u001b");
  });

  test("is colored by itself in a terminal, where Ctrl-C ends the node", async () => {
    const { folder } = routerFolder();
    let screen = "";
    const started = Promise.withResolvers<void>();
    const child = Bun.spawn([BINARY, "node.json"], {
      cwd: folder,
      env: { ...process.env, TERM: "xterm", NO_COLOR: "" },
      terminal: {
        data(_terminal, octets) {
          screen += Buffer.from(octets).toString();
          if (screen.includes("listens on")) started.resolve();
        },
      },
    });
    await started.promise;
    child.terminal?.write("\u0003");
    expect(await child.exited).toBe(0);
    child.terminal?.close();
    expect(screen).toContain("]\u001b[39m worker started");
  });
});
