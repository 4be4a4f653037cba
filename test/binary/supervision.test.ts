/** Workers of the built binary that hang, end, or are told how to run, and ports that another node has. */

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  BINARY,
  freePort,
  freePorts,
  nodeForTest,
  startNode,
  type TemporaryNode,
  workerPids,
} from "../support/temporary-node.ts";

const LONG = 30_000;

/** A worker that sends every message back. */
function testee(id: string, port: number, options: object = {}, endpoint: object = {}) {
  const at = { type: "tcp", port, interface: "127.0.0.1", ...endpoint };
  const transport = { type: "websocket.testee", endpoint: at };
  return { type: "websocket-testee", id, options, transport };
}

/** A folder with a node of these workers. */
function folderWith(workers: object[], options: object = {}): string {
  const node = { version: 2, controller: { id: "node1", options }, workers };
  return temporaryFolder({ "node.json": node });
}

/** A client that gets its messages back. */
async function connect(port: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onclose = () => opened.reject(new Error("closed"));
  await opened.promise;
  const echo = (text: string) =>
    new Promise<string>((resolve, reject) => {
      socket.onmessage = ({ data }) => resolve(String(data));
      socket.onclose = () => reject(new Error("closed"));
      socket.send(text);
    });
  return { echo };
}

const pidOf = (node: TemporaryNode, id: string) => workerPids(node.output())[id] ?? 0;

describe("a stopped worker", () => {
  test(
    "is killed and started again, and clients of the others notice nothing",
    async () => {
      const [one = 0, other = 0] = freePorts(2);
      const workers = [testee("one", one), testee("other", other)];
      const node = await nodeForTest(folderWith(workers, { watchdog: 5 }));
      const client = await connect(other);
      const from = node.output().length;
      process.kill(pidOf(node, "one"), "SIGSTOP");
      await node.untilOutput(
        /worker does not answer, so it is killed id=one worker_pid=\d+ silent_seconds=5/,
        from,
      );
      await node.untilOutput(
        /worker died id=one worker_pid=\d+ ended="signal SIGKILL" restart_ms=0/,
        from,
      );
      await node.untilOutput(/worker started id=one/, from);
      expect(await (await connect(one)).echo("a")).toBe("a");
      expect(await client.echo("b")).toBe("b");
      expect(node.output().slice(from)).not.toContain("id=other");
    },
    LONG,
  );
});

describe("a worker that ends", () => {
  test.each([
    ["shutdown_on_worker_exit", "on-failure"],
    ["shutdown_on_worker_exit_with_error", "on-failure"],
    ["shutdown_on_last_worker_exit", "never"],
  ])("ends the node with %s and restart %s", async (trigger, restart) => {
    const [one = 0, other = 0] = freePorts(2);
    const workers = [testee("one", one, { restart }), testee("other", other, { restart })];
    const node = await nodeForTest(folderWith(workers, { shutdown: [trigger] }));
    const ended = (id: string) =>
      `worker ended, so the node ends id=${id} worker_pid=\\d+ ended="signal SIGKILL" trigger=${trigger}`;
    process.kill(pidOf(node, "one"), "SIGKILL");
    if (trigger === "shutdown_on_last_worker_exit") {
      await node.untilOutput(/worker ended id=one/);
      expect(await (await connect(other)).echo("a")).toBe("a");
      process.kill(pidOf(node, "other"), "SIGKILL");
    }
    expect(await node.exited).toBe(1);
    const last = trigger === "shutdown_on_last_worker_exit" ? "other" : "one";
    expect(node.output()).toMatch(new RegExp(ended(last)));
  });

  test.each([["shutdown_on_shutdown_requested"], ["shutdown_on_last_worker_exit"]])(
    "is started again with %s, and a signal ends the node cleanly",
    async (trigger) => {
      const [one = 0, other = 0] = freePorts(2);
      const workers = [testee("one", one), testee("other", other)];
      const node = await nodeForTest(folderWith(workers, { shutdown: trigger }));
      const from = node.output().length;
      process.kill(pidOf(node, "one"), "SIGKILL");
      await node.untilOutput(/worker started id=one/, from);
      expect(await (await connect(one)).echo("a")).toBe("a");
      expect(await node.stop()).toBe(0);
    },
  );

  test("is not started again with restart never", async () => {
    const [one = 0, other = 0] = freePorts(2);
    const workers = [testee("one", one, { restart: "never" }), testee("other", other)];
    const node = await nodeForTest(folderWith(workers));
    process.kill(pidOf(node, "one"), "SIGKILL");
    await node.untilOutput(/worker ended id=one .*ended="signal SIGKILL"/);
    process.kill(pidOf(node, "other"), "SIGKILL");
    await node.untilOutput(/worker died id=other/);
    expect(await node.stop()).toBe(0);
    expect(node.output()).not.toContain("worker died id=one");
  });

  test(
    "again and again is reported once, and is failing on the page of the node",
    async () => {
      const port = freePort();
      const web = {
        type: "web",
        endpoint: { type: "tcp", port, interface: "127.0.0.1" },
        paths: { "/": { type: "nodeinfo" } },
      };
      const router = { type: "router", id: "router", transports: [web] };
      const guest = { type: "guest", id: "guest", executable: "sh", arguments: ["-c", "exit 3"] };
      const node = await nodeForTest(folderWith([router, guest]));
      await node.untilOutput(
        /worker keeps ending id=guest .*ended="exit code 3" restart_ms=(800|[67]\d\d) ends=5 reason="worker died"/,
      );
      expect(node.output().match(/worker died id=guest/g)).toHaveLength(4);
      const page = await fetch(`http://127.0.0.1:${port}/?format=json`);
      const { workers } = (await page.json()) as { workers: { id: string; state: string }[] };
      expect(workers.map(({ id, state }) => [id, state])).toEqual([
        ["router", "running"],
        ["guest", "failing"],
      ]);
    },
    LONG,
  );
});

test.each([
  [false, ["one", "guest"]],
  [true, ["guest", "one"]],
])("a worker waits for those before it unless parallel start is %p", async (isParallel, order) => {
  const guest = { type: "guest", id: "guest", executable: "true" };
  const options = { enable_parallel_worker_start: isParallel };
  const node = await nodeForTest(folderWith([testee("one", freePort()), guest], options));
  const started = [...node.output().matchAll(/worker started id=(\w+)/g)].map(([, id]) => id);
  expect(started).toEqual(order);
});

describe("a process", () => {
  const nameOf = (pid: number) => readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  /** The processors of all threads, each list once. */
  const processorsOf = (pid: number) => {
    const lists = readdirSync(`/proc/${pid}/task`).map(
      (thread) =>
        /Cpus_allowed_list:\s*(\S+)/.exec(
          readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8"),
        )?.[1],
    );
    return [...new Set(lists)];
  };
  const environmentOf = (pid: number) => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");

  test("runs under its title, on its processors, with its environment", async () => {
    process.env["CROSSPROXY_TEST_INHERITED"] = "1";
    process.env["CROSSPROXY_TEST_OTHER"] = "1";
    afterTest(() => {
      delete process.env["CROSSPROXY_TEST_INHERITED"];
      delete process.env["CROSSPROXY_TEST_OTHER"];
    });
    const [first = "0"] = processorsOf(process.pid)[0]?.split(/[-,]/) ?? [];
    const options = {
      title: "the title of a worker",
      cpu_affinity: [Number(first)],
      env: { inherit: ["CROSSPROXY_TEST_INHERITED"], vars: { TZ: "UTC" } },
    };
    const folder = folderWith([testee("one", freePort(), options)]);
    const node = await nodeForTest(folder);
    const pid = pidOf(node, "one");
    expect(nameOf(pid)).toBe("the title of a");
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toStartWith("the title of a worker\0");
    expect(processorsOf(pid)).toEqual([first]);
    const variables = environmentOf(pid);
    expect(variables).toContain("CROSSPROXY_TEST_INHERITED=1");
    expect(variables).toContain("TZ=UTC");
    expect(variables.join("\n")).not.toContain("CROSSPROXY_TEST_OTHER");
    expect(node.output()).not.toContain("not honoured");
  });

  test("of the controller has the name that its options say", async () => {
    const node = await nodeForTest(folderWith([testee("one", freePort())], { title: "my-node" }));
    expect(nameOf(node.pid)).toBe("my-node");
    expect(nameOf(pidOf(node, "one"))).not.toBe("my-node");
  });

  test("that cannot run on its processors says so, and runs", async () => {
    const port = freePort();
    const node = await nodeForTest(folderWith([testee("one", port, { cpu_affinity: [4095] })]));
    await node.untilOutput(/cpu_affinity not honoured cpu_affinity=4095 runs_on=\S+/);
    expect(await (await connect(port)).echo("a")).toBe("a");
  });
});

describe("a port that another node shares", () => {
  const shared = (id: string, port: number, others: object = {}) =>
    testee(id, port, {}, { shared: true, ...others });

  test("is refused with the process that has it, and that node serves on", async () => {
    const port = freePort();
    const first = await nodeForTest(folderWith([shared("one", port)]));
    const cwd = folderWith([shared("one", port)]);
    const second = Bun.spawn([BINARY, "node.json"], { cwd, stdout: "pipe", stderr: "pipe" });
    expect(await second.exited).toBe(1);
    expect(await new Response(second.stderr).text()).toBe(
      `Cannot listen on "tcp 127.0.0.1:${port}": process ${pidOf(first, "one")}, which is not of this node, listens there; "share_with_other_nodes": true at the endpoint shares the port with other nodes\n`,
    );
    expect(await new Response(second.stdout).text()).not.toContain("worker started");
    expect(await (await connect(port)).echo("a")).toBe("a");
  });

  test("is waited for where its node was killed, whose workers are about to end", async () => {
    const port = freePort();
    const folder = folderWith([shared("one", port)]);
    const first = await startNode(folder);
    process.kill(pidOf(first, "one"), "SIGSTOP");
    first.kill("SIGKILL");
    await nodeForTest(folder);
    expect(await (await connect(port)).echo("a")).toBe("a");
  });

  test("is shared with it where the endpoint says so", async () => {
    const port = freePort();
    await nodeForTest(folderWith([shared("one", port)]));
    const second = await nodeForTest(
      folderWith([shared("one", port, { share_with_other_nodes: true })]),
    );
    expect(await second.stop()).toBe(0);
  });

  test("is not that of a worker of the same node, also when one of them is started again", async () => {
    const port = freePort();
    const node = await startNode(folderWith([shared("one", port), shared("two", port)]));
    afterTest(() => node.stop());
    const from = node.output().length;
    process.kill(pidOf(node, "one"), "SIGKILL");
    await node.untilOutput(/worker started id=one/, from);
  });

  test("is not taken for a free one of a portrange, unlike one that is not shared", async () => {
    const [port = 0, portrange] = freeRange();
    const worker = shared("one", port, { portrange });
    const first = await nodeForTest(folderWith([worker]));
    const refused = await run(folderWith([worker]));
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toContain(
      `Cannot listen on "tcp 127.0.0.1:${port}": process ${pidOf(first, "one")}, which is not of this node`,
    );
    expect(await first.stop()).toBe(0);
    const other = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
    afterTest(() => other.stop(true));
    await nodeForTest(folderWith([worker]));
    expect(await (await connect(port + 1)).echo("a")).toBe("a");
  });
});

/** Two free ports, one behind the other, and both as a range. */
function freeRange(): [port: number, range: [number, number]] {
  for (;;) {
    const port = freePort();
    try {
      Bun.listen({ hostname: "127.0.0.1", port: port + 1, socket: { data() {} } }).stop(true);
      return [port, [port, port + 1]];
    } catch {
      // Another program has the second one.
    }
  }
}

/** Starts a node that ends by itself. */
async function run(cwd: string) {
  const child = Bun.spawn([BINARY, "node.json"], { cwd, stdout: "ignore", stderr: "pipe" });
  const stderr = await child.stderr.text();
  return { exitCode: await child.exited, stderr };
}
