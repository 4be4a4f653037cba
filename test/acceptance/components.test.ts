/** Nodes of the built binary with components of real Autobahn for Python, and guests beside them. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { isRunning, untilEnded } from "../support/process-end.ts";
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
import { hasPython, joinAutobahn, PYTHON } from "../support/wamp-clients.ts";

const scripts = resolve(import.meta.dir, "../python");
const options = { python: PYTHON, pythonpath: [scripts] };
const LONG = 60_000;

const permissions = [
  {
    uri: "",
    match: "prefix",
    allow: { call: true, register: true, publish: true, subscribe: true },
  },
];
const roles = ["anonymous", "authenticator", "user", "backend"].map((name) => ({
  name,
  permissions,
}));
const realms = [{ name: "realm1", roles }];

/** A component of a class of `twisted_components.py`. */
const twisted = (name: string, others: object = {}) => ({
  type: "class",
  classname: `twisted_components.${name}`,
  realm: "realm1",
  ...others,
});

const websocket = (port: number, auth: object) => ({
  type: "websocket",
  endpoint: { type: "tcp", port, interface: "127.0.0.1" },
  auth,
});
const anonymous = { type: "static", role: "anonymous" };
const node = (...workers: object[]) => ({ version: 2, workers });
const folderOf = (value: object) => temporaryFolder({ "node.json": value });

/** The process that has logged this, by the brackets before the text. */
function pidOf(output: string, text: string): number {
  const line = output.split("\n").find((one) => one.includes(text)) ?? "";
  return Number(/\[\w+ +(\d+)\]/.exec(line)?.[1]);
}

/** Joins, calls a procedure, leaves. */
async function call(url: string, procedure: string, args: unknown[] = []): Promise<unknown> {
  const client = await joinAutobahn(url, "json");
  try {
    return await client.call(procedure, args);
  } finally {
    await client.leave();
  }
}

describe.if(hasPython)("components of a router worker", () => {
  const port = freePort();
  const url = `ws://127.0.0.1:${port}/`;
  let running: TemporaryNode;

  beforeAll(async () => {
    const plugins = temporaryFolder({
      "demo-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
      "demo-1.0.dist-info/entry_points.txt":
        "[autobahn.twisted.wamplet]\nmade = twisted_components:Service\n",
    });
    const router = {
      type: "router",
      id: "router",
      options: { ...options, pythonpath: [scripts, plugins] },
      realms,
      components: [
        twisted("Authenticator", { id: "authenticator", role: "authenticator" }),
        {
          type: "class",
          classname: "asyncio_components.Service",
          realm: "realm1",
          id: "asyncio_service",
        },
        {
          type: "wamplet",
          package: "demo",
          entrypoint: "made",
          realm: "realm1",
          role: "backend",
          id: "wamplet",
          extra: { secret: "not-to-be-logged" },
        },
        {
          type: "function",
          realm: "realm1",
          id: "functions",
          callbacks: { join: "twisted_components.joined", leave: "twisted_components.left" },
        },
        twisted("Raising", { id: "raising" }),
        twisted("NoConnect", { id: "noconnect" }),
        twisted("NoConstructor", { id: "noconstructor" }),
        twisted("Exiting", { id: "exiting" }),
        twisted("Parent", { id: "parent" }),
        twisted("NoSuchClass", { id: "noclass" }),
        { type: "class", classname: "no_such_module.Class", realm: "realm1", id: "nomodule" },
        { type: "class", classname: "exiting_components.Main", realm: "realm1", id: "exitmodule" },
      ],
      transports: [
        {
          type: "rawsocket",
          endpoint: { type: "unix", path: "router.sock" },
          auth: { "anonymous-proxy": { type: "static" } },
        },
      ],
    };
    const dynamic = {
      type: "dynamic",
      authenticator: "com.example.authenticate",
      "authenticator-realm": "realm1",
      "authenticator-role": "authenticator",
    };
    const proxy = {
      type: "proxy",
      id: "proxy",
      connections: {
        c1: { transport: { type: "rawsocket", endpoint: { type: "unix", path: "router.sock" } } },
      },
      routes: { realm1: { anonymous: "c1", user: "c1", authenticator: "c1" } },
      transports: [websocket(port, { anonymous, ticket: dynamic })],
    };
    running = await startNode(folderOf(node(router, proxy)));
  }, LONG);
  afterAll(async () => {
    await running?.stop();
  });

  test("are ready before the worker listens, one after the other", () => {
    const order = [...running.output().matchAll(/component ready id=(\w+)|started id=(router)/g)];
    expect(order.map(([, component, worker]) => component ?? worker)).toEqual([
      "authenticator",
      "wamplet",
      "functions",
      "parent",
      "asyncio_service",
      "router",
    ]);
  });

  test("authenticate the clients of the node's own proxy", async () => {
    const auth = { authid: "alice", ticket: "secret1" };
    const alice = await joinAutobahn(url, "cbor", auth);
    expect(alice.identity).toMatchObject({ authid: "alice", authrole: "user" });
    await alice.leave();
    await expect(joinAutobahn(url, "json", { ...auth, ticket: "guess" })).rejects.toThrow(
      "com.example.refused",
    );
  });

  test("on Twisted and on asyncio run in one worker, each in a process of its own", async () => {
    expect(await call(url, "com.example.add", [1, 2])).toBe(3);
    expect(await call(url, "com.example.multiply", [3, 4])).toBe(12);
    const output = running.output();
    expect(pidOf(output, "joined id=wamplet")).toBe(pidOf(output, "joined id=functions"));
    expect(pidOf(output, "joined id=wamplet")).not.toBe(pidOf(output, "joined id=asyncio"));
  });

  test("are functions, and wamplets of a package", async () => {
    expect(await call(url, "com.example.function")).toBe("by function");
    await running.untilOutput(/function joined as anonymous/);
    const extra = await call(url, "com.example.extra");
    expect(extra).toEqual({ secret: "not-to-be-logged", cbdir: running.folder });
    expect(running.output()).not.toContain("not-to-be-logged");
  });

  test("print and log lines with one time each", async () => {
    await running.untilOutput(/logged by asyncio/);
    const lines = running.output().split("\n");
    for (const text of ["printed", "logged by txaio", "logged by asyncio"]) {
      const line = lines.find((one) => one.endsWith(text));
      expect(line?.match(/\d\d:\d\d:\d\d/g)).toHaveLength(1);
    }
  });

  test("have the identity that the configuration assigns, without any authentication", async () => {
    const session = Number(/id=wamplet realm=realm1 session=(\d+)/.exec(running.output())?.[1]);
    expect(await call(url, "wamp.session.get", [session])).toMatchObject({
      session,
      authrole: "backend",
      authid: expect.stringMatching(/^[\da-f-]{36}$/),
      authmethod: null,
      authprovider: null,
    });
  });

  test("stay joined where onJoin raises, with the traceback in the log", async () => {
    expect(await call(url, "com.example.before")).toBe("there");
    const output = running.output();
    expect(output).toMatch(
      /component failed id=raising step=onJoin reason="RuntimeError: no database" place=\S+twisted_components.py:\d+ stays_joined=true/,
    );
    expect(output).toContain('raise RuntimeError("no database")');
  });

  test.each([
    ["noconnect", 'step=onConnect reason="RuntimeError: no password file"'],
    ["noconstructor", 'step=create reason="RuntimeError: cannot be made"'],
    ["exiting", 'step=create reason="SystemExit: no configuration"'],
    ["exitmodule", 'step=load reason="SystemExit: no configuration"'],
    ["noclass", "step=load reason=\"AttributeError: module 'twisted_components' has no attribute"],
    ["nomodule", "step=load reason=\"ModuleNotFoundError: No module named 'no_such_module'"],
  ])("that fail are named with the reason, and the others run: %s", (id, reason) => {
    const line = running
      .output()
      .split("\n")
      .find((one) => one.includes(`failed id=${id}`));
    expect(line).toContain(reason);
    if (reason.startsWith("step=load")) expect(line).toContain(` path=${scripts}:`);
  });

  test("give no descriptor of the node to the programs that they start", async () => {
    const descriptors = await call(url, "com.example.descriptors");
    expect(descriptors).toContain("pipe:");
    expect(descriptors).not.toContain("socket:");
  });

  test("show no secret in their command line and environment", async () => {
    const pid = pidOf(running.output(), "joined id=wamplet");
    for (const name of ["cmdline", "environ"]) {
      const text = await Bun.file(`/proc/${pid}/${name}`).text();
      expect(text.length).toBeGreaterThan(10);
      expect(text).not.toContain("not-to-be-logged");
    }
  });

  test(
    "are all started again when their process is killed",
    async () => {
      const before = running.output().length;
      process.kill(pidOf(running.output(), "joined id=wamplet"), "SIGKILL");
      await running.untilOutput(/components died ended="signal SIGKILL" restart_ms=\d+/, before);
      await running.untilOutput(/component ready id=asyncio_service/, before);
      expect(await call(url, "com.example.add", [2, 2])).toBe(4);
      const alice = await joinAutobahn(url, "json", { authid: "alice", ticket: "secret1" });
      await alice.leave();
    },
    LONG,
  );

  test(
    "leave their realm when the node ends",
    async () => {
      const pid = pidOf(running.output().slice(-20_000), "joined id=wamplet");
      const children = [...running.output().matchAll(/ child (\d+)/g)].map(([, id]) => Number(id));
      expect(children).toHaveLength(2);
      expect(await running.stop()).toBe(0);
      await untilEnded(...children);
      const output = running.output();
      expect(output).toContain("onLeave of the service: wamp.close.");
      expect(output).toContain("onLeave on asyncio: wamp.close.");
      expect(output).toContain("function left: wamp.close.");
      expect(await Bun.file(`/proc/${pid}/cmdline`).exists()).toBe(false);
    },
    LONG,
  );
});

describe.if(hasPython)("a router worker", () => {
  const router = (port: number, components: object[], others: object = {}) => ({
    type: "router",
    id: "router",
    options: { ...options, ...others },
    realms,
    components,
    transports: [websocket(port, { anonymous })],
  });

  test(
    "waits for an endless onJoin no longer than ready_timeout",
    async () => {
      const port = freePort();
      const components = [
        twisted("Endless", { id: "endless" }),
        twisted("Service", { id: "service" }),
      ];
      const started = await nodeForTest(
        folderOf(node(router(port, components, { ready_timeout: 3_000 }))),
      );
      await started.untilOutput(
        /component is not ready in time, so nothing waits for it id=endless state=\w+ ready_timeout=3000/,
      );
      await started.untilOutput(/component joined id=endless/);
      await started.untilOutput(/component ready id=service/);
      const url = `ws://127.0.0.1:${port}/`;
      // It registers when it has joined.
      let answer: unknown;
      while (answer !== "answers") answer = await call(url, "com.example.endless").catch(() => {});
      expect(await started.stop()).toBe(0);
    },
    LONG,
  );

  const asyncio = (name: string) => ({
    type: "class",
    classname: `asyncio_components.${name}`,
    realm: "realm1",
    id: "asyncio",
  });
  const asyncioService = asyncio("Service");

  test(
    "waits until onJoin of asyncio has returned",
    async () => {
      const started = await nodeForTest(folderOf(node(router(freePort(), [asyncio("Slow")]))));
      const output = started.output();
      expect(output.indexOf("slow onJoin on asyncio returns")).toBeGreaterThan(0);
      expect(output).toContain("component ready id=asyncio");
    },
    LONG,
  );

  test(
    "keeps a component of asyncio joined whose onJoin raises",
    async () => {
      const port = freePort();
      const started = await nodeForTest(folderOf(node(router(port, [asyncio("Raising")]))));
      expect(started.output()).toMatch(
        /component failed id=asyncio step=onJoin reason="RuntimeError: no database on asyncio" place=\S+:\d+ stays_joined=true/,
      );
      expect(started.output()).not.toContain("component ready");
      const url = `ws://127.0.0.1:${port}/`;
      expect(await call(url, "com.example.before_on_asyncio")).toBe("there");
    },
    LONG,
  );

  const endless = twisted("Endless", { id: "endless" });
  const service = twisted("Service", { id: "service" });
  test.each([
    ["first", [endless, asyncioService, service]],
    ["last", [service, asyncioService, endless]],
  ])(
    "runs components of both frameworks with an endless onJoin that comes %s",
    async (_title, components) => {
      const configured = router(freePort(), components, { ready_timeout: 2_000 });
      const started = await nodeForTest(folderOf(node(configured)));
      await started.untilOutput(/component ready id=asyncio/);
      await started.untilOutput(/component ready id=service/);
      await started.untilOutput(/component joined id=endless/);
      expect(started.output()).not.toContain("not started");
    },
    LONG,
  );

  test(
    "with a ready_timeout of 0 waits for no component, and runs them",
    async () => {
      const configured = router(freePort(), [service], { ready_timeout: 0 });
      const started = await nodeForTest(folderOf(node(configured)));
      await started.untilOutput(/component ready id=service/);
      // The table of the workers comes first.
      const [before = ""] = started.output().split("component joined");
      expect(before).toContain("listens on");
    },
    LONG,
  );

  test(
    "that cannot listen leaves no process of its components behind",
    async () => {
      const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
      const folder = folderOf(node(router(taken.port, [twisted("Blocked", { id: "blocked" })])));
      const child = Bun.spawn([BINARY, "node.json"], { cwd: folder, stderr: "pipe" });
      const output = await child.stdout.text();
      expect(await child.exited).toBe(1);
      taken.stop(true);
      expect(await child.stderr.text()).toContain("address already in use");
      const pid = pidOf(output, "joined id=blocked");
      expect(await Bun.file(`/proc/${pid}/stat`).exists()).toBe(false);
    },
    LONG,
  );

  test(
    "kills components that do not end, blocked or stopped",
    async () => {
      const blocked = [twisted("Blocked", { id: "blocked" })];
      const stopped = [twisted("Service", { id: "stopped" })];
      const [one = 0, two = 0] = freePorts(2);
      const started = await nodeForTest(
        folderOf(node(router(one, blocked), { ...router(two, stopped), id: "second" })),
      );
      const pids = ["blocked", "stopped"].map((id) => pidOf(started.output(), `joined id=${id}`));
      process.kill(pids[1] ?? 0, "SIGSTOP");
      expect(await started.stop()).toBe(0);
      expect(started.output().match(/components killed: did not end in time/g)).toHaveLength(2);
      for (const pid of pids) expect(await Bun.file(`/proc/${pid}/stat`).exists()).toBe(false);
    },
    LONG,
  );

  test(
    "ends its components when it is killed itself",
    async () => {
      const started = await nodeForTest(
        folderOf(node(router(freePort(), [twisted("Service", { id: "service" })]))),
      );
      const before = started.output().length;
      const first = pidOf(started.output(), "joined id=service");
      process.kill(Number(/router +router +(\d+)/.exec(started.output())?.[1]), "SIGKILL");
      await started.untilOutput(/component ready id=service/, before);
      const { promise, resolve } = Promise.withResolvers<void>();
      const poll = setInterval(() => {
        if (Bun.spawnSync(["kill", "-0", String(first)]).exitCode !== 0) resolve();
      }, 20);
      await promise;
      clearInterval(poll);
    },
    LONG,
  );

  test.each([
    [
      "that does not exist",
      "/no/such/python",
      /ENOENT: no such file or directory, posix_spawn '\/no\/such\/python'/,
    ],
    ["without autobahn", "without-autobahn", /no module autobahn: .*-m pip install/],
    ["that is too old", "too-old", /it is older than Python 3.9/],
    ["that ends at once", "/bin/false", /it ended at its start/],
  ])(
    "runs on with an interpreter %s",
    async (_title, name, reason) => {
      const port = freePort();
      const bin = temporaryFolder({
        "without-autobahn": `#!/bin/sh\nexec ${PYTHON} -S "$@"\n`,
        "too-old": "#!/bin/sh\nexit 68\n",
      });
      Bun.spawnSync(["chmod", "-R", "+x", bin]);
      const python = name.startsWith("/") ? name : `${bin}/${name}`;
      const components = [twisted("Service", { id: "service" })];
      const started = await nodeForTest(folderOf(node(router(port, components, { python }))));
      expect(started.output()).toMatch(/component not started id=service reason="/);
      expect(started.output()).toMatch(reason);
      expect(await call(`ws://127.0.0.1:${port}/`, "wamp.session.count")).toBe(1);
    },
    LONG,
  );
});

describe.if(hasPython)("a container", () => {
  const transports = (port: number) => ({
    websocket: {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port },
      url: `ws://127.0.0.1:${port}/`,
    },
    rawsocket: {
      type: "rawsocket",
      endpoint: { type: "unix", path: "router.sock" },
      serializer: "cbor",
    },
  });
  const ticket = {
    type: "static",
    principals: { component: { ticket: "secret2", role: "backend" } },
  };
  const router = (port: number) => ({
    type: "router",
    id: "router",
    realms,
    transports: [
      websocket(port, { anonymous, ticket }),
      {
        type: "rawsocket",
        endpoint: { type: "unix", path: "router.sock" },
        auth: { anonymous, ticket },
      },
    ],
  });
  const container = (components: object[], others: object = {}) => ({
    type: "container",
    id: "container",
    options: { ...options, ...others },
    components,
  });

  test(
    "joins over WebSocket and RawSocket, with the class's own authentication",
    async () => {
      const port = freePort();
      const ways = transports(port);
      const components = [
        twisted("WithTicket", { extra: { uri: "com.example.over_ws" }, transport: ways.websocket }),
        twisted("WithTicket", {
          extra: { uri: "com.example.over_raw" },
          transport: ways.rawsocket,
        }),
        {
          type: "class",
          classname: "asyncio_components.Service",
          realm: "realm1",
          transport: ways.rawsocket,
        },
      ];
      // The container comes first: its components wait for the router.
      const started = await nodeForTest(folderOf(node(container(components), router(port))));
      for (const id of ["component001", "component002", "component003"]) {
        await started.untilOutput(new RegExp(`component ready id=${id}`));
      }
      const url = `ws://127.0.0.1:${port}/`;
      expect(await call(url, "com.example.over_ws")).toEqual(["component", "backend"]);
      expect(await call(url, "com.example.over_raw")).toEqual(["component", "backend"]);
      expect(await call(url, "com.example.multiply", [2, 3])).toBe(6);
    },
    LONG,
  );

  test(
    "starts components again with restart-always, in the same process",
    async () => {
      const port = freePort();
      const components = [twisted("Leaving", { transport: transports(port).rawsocket })];
      const options = { restart: "restart-always" };
      const started = await nodeForTest(
        folderOf(node(router(port), container(components, options))),
      );
      await started.untilOutput(/start number 3/);
      expect(started.output()).toMatch(
        /component is started again id=component001 ended=left restart_ms=(100|[789]\d)\b/,
      );
      expect(await started.stop()).toBe(0);
    },
    LONG,
  );

  test(
    "counts a component of asyncio as failed whose onJoin raises",
    async () => {
      const port = freePort();
      const raising = {
        type: "class",
        classname: "asyncio_components.Raising",
        realm: "realm1",
        transport: transports(port).rawsocket,
      };
      const started = await nodeForTest(folderOf(node(router(port), container([raising]))));
      await started.untilOutput(/component is not started again id=component001 ended=failed/);
    },
    LONG,
  );

  test(
    "starts components that failed again with restart-on-failed, and no others",
    async () => {
      const port = freePort();
      const { rawsocket } = transports(port);
      const components = [
        twisted("RaisingOnce", { id: "raising", transport: rawsocket }),
        twisted("Leaving", { id: "leaving", transport: rawsocket }),
      ];
      const options = { restart: "restart-on-failed" };
      const started = await nodeForTest(
        folderOf(node(router(port), container(components, options))),
      );
      await started.untilOutput(/component ready id=raising/);
      await started.untilOutput(/component is not started again id=leaving ended=left/);
      expect(await call(`ws://127.0.0.1:${port}/`, "com.example.starts")).toBe(2);
    },
    LONG,
  );

  test.each([
    ["shutdown-on-last-component-stopped", ["Leaving"]],
    ["shutdown-on-any-component-stopped", ["Leaving", "Endless"]],
    ["shutdown-on-any-component-failed", ["Endless", "Raising"]],
  ])(
    "ends by %s, and so the node",
    async (shutdown, classes) => {
      const port = freePort();
      const { rawsocket } = transports(port);
      const components = classes.map((name) => twisted(name, { transport: rawsocket }));
      const started = await nodeForTest(
        folderOf({
          ...node(router(port), container(components, { shutdown, ready_timeout: 4_000 })),
          controller: { options: { shutdown: "shutdown_on_worker_exit" } },
        }),
      );
      // As in Crossbar, a node that a trigger ends exits with 1.
      expect(await started.exited).toBe(1);
      const output = started.output();
      expect(output).toMatch(
        new RegExp(`container ends component=\\S+ ended=\\S+ shutdown=${shutdown}`),
      );
      expect(output).toMatch(
        /worker ended, so the node ends id=container worker_pid=\d+ ended="exit code 0" trigger=shutdown_on_worker_exit/,
      );
    },
    LONG,
  );

  test(
    "goes on without components that are over in its default mode",
    async () => {
      const port = freePort();
      const { rawsocket } = transports(port);
      const components = ["Leaving", "Raising"].map((name) =>
        twisted(name, { transport: rawsocket }),
      );
      const started = await nodeForTest(folderOf(node(router(port), container(components))));
      await started.untilOutput(/component is not started again id=component001 ended=left/);
      await started.untilOutput(/component is not started again id=component002 ended=failed/);
      expect(await call(`ws://127.0.0.1:${port}/`, "wamp.session.count")).toBeNumber();
    },
    LONG,
  );

  test(
    "that is killed is started again",
    async () => {
      const port = freePort();
      const components = [
        twisted("Service", { id: "service", transport: transports(port).rawsocket }),
      ];
      const started = await nodeForTest(folderOf(node(router(port), container(components))));
      await started.untilOutput(/component ready id=service/);
      const before = started.output().length;
      process.kill(pidOf(started.output(), "joined id=service"), "SIGKILL");
      await started.untilOutput(
        /worker died id=container worker_pid=\d+ ended="signal SIGKILL" restart_ms=0/,
        before,
      );
      await started.untilOutput(/component ready id=service/, before);
      expect(await call(`ws://127.0.0.1:${port}/`, "com.example.add", [5, 6])).toBe(11);
    },
    LONG,
  );
});

describe.if(hasPython)("a container that is killed", () => {
  const sock = { type: "unix", path: "router.sock" };
  const router = {
    type: "router",
    id: "router",
    realms,
    transports: [{ type: "rawsocket", endpoint: sock, auth: { anonymous } }],
  };
  const container = (others: object) => ({
    type: "container",
    id: "container",
    options: { ...options, ...others },
    components: [
      twisted("Service", {
        id: "service",
        transport: { type: "rawsocket", endpoint: sock, serializer: "cbor" },
      }),
    ],
  });

  test(
    "is tried again, with longer delays, where its restart fails",
    async () => {
      const bin = temporaryFolder({});
      const python = `${bin}/python`;
      writeFileSync(python, `#!/bin/sh\nexec ${PYTHON} "$@"\n`, { mode: 0o755 });
      const started = await nodeForTest(folderOf(node(router, container({ python }))));
      await started.untilOutput(/component ready id=service/);
      const before = started.output().length;
      renameSync(python, `${python}.new`);
      process.kill(pidOf(started.output(), "joined id=service"), "SIGKILL");
      await started.untilOutput(/component not started id=service reason="Cannot run /, before);
      await started.untilOutput(
        /worker died id=container .*ended="exit code 1" restart_ms=(400|3\d\d)\b/,
        before,
      );
      renameSync(`${python}.new`, python);
      await started.untilOutput(/component ready id=service/, before);
    },
    LONG,
  );

  test.each(["shutdown-on-any-component-stopped", "shutdown-on-any-component-failed"])(
    "is over by %s",
    async (shutdown) => {
      const started = await nodeForTest(folderOf(node(router, container({ shutdown }))));
      await started.untilOutput(/components are run/);
      process.kill(pidOf(started.output(), "components are run"), "SIGKILL");
      await started.untilOutput(
        new RegExp(`container ends ended="signal SIGKILL" shutdown=${shutdown}`),
      );
      await started.untilOutput(/worker ended id=container .*ended="signal SIGKILL"/);
      expect(started.output()).not.toContain("worker died");
    },
    LONG,
  );
});

/** An interpreter that the system kills at its first start, as it does when memory is short. */
function killedOnce(): string {
  const bin = temporaryFolder({});
  writeFileSync(
    `${bin}/python`,
    `#!/bin/sh\nmkdir ${bin}/started && kill -9 $$\nexec ${PYTHON} "$@"\n`,
    { mode: 0o755 },
  );
  return `${bin}/python`;
}

describe.if(hasPython)("components whose process is killed before it has started", () => {
  test(
    "are started again, of a router and of a container",
    async () => {
      const sock = { type: "unix", path: "router.sock" };
      const router = {
        type: "router",
        options: { ...options, python: killedOnce() },
        realms,
        components: [twisted("Service", { id: "inside" })],
        transports: [{ type: "rawsocket", endpoint: sock, auth: { anonymous } }],
      };
      const transport = { type: "rawsocket", endpoint: sock, serializer: "cbor" };
      const container = {
        type: "container",
        options: { ...options, python: killedOnce() },
        components: [twisted("Leaving", { id: "outside", transport })],
      };
      const started = await nodeForTest(folderOf(node(router, container)));
      await started.untilOutput(/components died ended="signal SIGKILL" restart_ms=0/);
      await started.untilOutput(/component ready id=inside/);
      await started.untilOutput(/worker died id=worker002 .*ended="signal SIGKILL"/);
      await started.untilOutput(/component joined id=outside/);
    },
    LONG,
  );
});

/** Sends a signal to processes, some of which may have ended. */
function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // ESRCH: it has ended.
    }
  }
}

describe("a controller that is killed", () => {
  test.if(hasPython).each([
    { state: "that run" },
    { state: "that are stopped", stoppedBefore: true },
    { state: "that hang", classname: "LockHolder" },
    { state: "that hang and are stopped", classname: "LockHolder", stoppedBefore: true },
    {
      state: "that hang and are stopped as they end",
      classname: "LockHolder",
      stoppedAfter: true,
    },
  ])(
    "takes workers, guests with their children, components and authenticators $state with it",
    async ({ classname = "Service", stoppedBefore, stoppedAfter }) => {
      const auth = {
        anonymous,
        ticket: { type: "function", create: "function_authenticators.create_authenticator" },
      };
      const sock = { type: "unix", path: "router.sock" };
      const router = {
        type: "router",
        options,
        realms,
        components: [twisted(classname, { id: "inside" })],
        transports: [
          websocket(freePort(), auth),
          { type: "rawsocket", endpoint: sock, auth: { anonymous } },
        ],
      };
      const transport = { type: "rawsocket", endpoint: sock, serializer: "cbor" };
      const container = {
        type: "container",
        options,
        components: [twisted(classname, { transport })],
      };
      const script = "sleep 86400 & echo child $! of $$; wait";
      const guest = { type: "guest", executable: "sh", arguments: ["-c", script] };
      const started = await nodeForTest(folderOf(node(router, container, guest)));
      await started.untilOutput(/child \d+ of \d+/);
      await started.untilOutput(/component ready id=component001/);
      const output = started.output();
      const [, child, own] = /child (\d+) of (\d+)/.exec(output) ?? [];
      const pids = [
        Number(child),
        Number(own),
        pidOf(output, "joined id=inside"),
        pidOf(output, "joined id=component001"),
        pidOf(output, "authenticators are run"),
        ...Object.values(workerPids(output)),
      ];
      expect(pids).toHaveLength(6);
      expect(pids.every(isRunning)).toBe(true);
      if (stoppedBefore) signalAll(pids, "SIGSTOP");
      started.kill("SIGKILL");
      if (stoppedAfter) signalAll(pids, "SIGSTOP");
      await untilEnded(...pids);
    },
    LONG,
  );
});

describe("a guest", () => {
  test(
    "that fails is started again, and one that cannot be run stops nothing",
    async () => {
      const port = freePort();
      const router = {
        type: "router",
        id: "router",
        realms,
        transports: [websocket(port, { anonymous })],
      };
      const guest = (id: string, executable: string, ...args: string[]) => ({
        type: "guest",
        id,
        executable,
        arguments: args,
      });
      const started = await nodeForTest(
        folderOf(
          node(
            guest("missing", "no-such-program"),
            router,
            guest("failing", "sh", "-c", "echo again; exit 3"),
            guest("done", "true"),
          ),
        ),
      );
      expect(started.output().match(/cannot run "no-such-program"/g)).toHaveLength(1);
      await started.untilOutput(
        /worker died id=failing .*ended="exit code 3" restart_ms=(200|1\d\d)\b/,
      );
      await started.untilOutput(/worker ended id=done .*ended="exit code 0"/);
      expect(await call(`ws://127.0.0.1:${port}/`, "wamp.session.count")).toBe(1);
      expect(await started.stop()).toBe(0);
    },
    LONG,
  );
});
