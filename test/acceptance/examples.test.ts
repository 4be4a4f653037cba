/** The nodes of examples/, as they stand there but for ports, each with foreign clients. */

import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { hasOpenssl } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { hasNats, startNats } from "../support/nats-server.ts";
import { hasNexus, startNexus } from "../support/nexus-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  BINARY,
  freePorts,
  nodeForTest,
  startNode,
  startNodeOf,
  type TemporaryNode,
} from "../support/temporary-node.ts";
import {
  hasPython,
  joinAllPython,
  joinAutobahn,
  joinPython,
  joinWampy,
  PYTHON,
} from "../support/wamp-clients.ts";

const EXAMPLES = resolve(import.meta.dir, "../../examples");

/** A copy of an example, with free ports in the place of its own. */
async function copyOf(name: string): Promise<{ folder: string; ports: Record<string, number> }> {
  const beside = temporaryFolder();
  const folder = join(beside, name);
  for (const one of [name, "web"])
    cpSync(join(EXAMPLES, one), join(beside, one), { recursive: true });
  const written = ["8080", "8443", "9000", "9001", "4222"];
  const free = freePorts(written.length);
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".json")) continue;
    const text = await Bun.file(join(folder, file)).text();
    const changed = written.reduce(
      (all, port, index) => all.replaceAll(port, String(free[index])),
      text,
    );
    await Bun.write(join(folder, file), changed);
  }
  return {
    folder,
    ports: Object.fromEntries(written.map((port, index) => [port, free[index] ?? 0])),
  };
}

async function start(folder: string): Promise<TemporaryNode> {
  const node = await nodeForTest(folder);
  expect(node.output()).not.toContain("$.");
  return node;
}

/** Sets a variable of the environment for the nodes of one test. */
function variable(name: string, value: string): void {
  process.env[name] = value;
  afterTest(() => delete process.env[name]);
}

test("one-file: an anonymous client calls what the program with the ticket has registered", async () => {
  const { folder, ports } = await copyOf("one-file");
  variable("BACKEND_TICKET", "secret1");
  await start(folder);
  const page = await fetch(`http://127.0.0.1:${ports["8080"]}/`);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<html")]);
  const url = `ws://127.0.0.1:${ports["8080"]}/ws`;
  const backend = await joinAutobahn(url, "json", { authid: "backend", ticket: "secret1" });
  expect(backend.identity.authrole).toBe("service");
  await backend.registerEcho("com.example.echo");
  const visitor = await joinWampy(url, "cbor");
  expect(visitor.identity.authrole).toBe("visitor");
  expect(await visitor.call("com.example.echo", [2, 3])).toEqual([2, 3]);
  const registered = await visitor.registerEcho("com.example.own").then(
    () => "registered",
    () => "refused",
  );
  expect(registered).toBe("refused");
  const wrong = joinAutobahn(url, "json", { authid: "backend", ticket: "secret2" });
  expect(wrong).rejects.toThrow("authentication_denied");
  await Promise.all([visitor.leave(), backend.leave()]);
});

test("two-routers: clients find a router while one of the two is down", async () => {
  const { folder, ports } = await copyOf("two-routers");
  const url = `ws://127.0.0.1:${ports["8080"]}/`;
  const a = await startNode(`${folder}/router-a`);
  await start(`${folder}/router-b`);
  const proxy = await start(`${folder}/proxy`);
  const join = () => joinAutobahn(url, "msgpack");
  for (const client of await Promise.all([join(), join(), join(), join()])) await client.leave();
  const before = proxy.output().length;
  await a.stop();
  await proxy.untilOutput(/router down/, before);
  for (const client of await Promise.all([join(), join(), join(), join()])) {
    await client.registerEcho(`com.example.${client.identity.authid.toLowerCase()}`);
    await client.leave();
  }
});

test.if(hasNats)("cluster: clients of two router workers reach each other", async () => {
  const { folder, ports } = await copyOf("cluster");
  const server = await startNats(temporaryFolder(), ports["4222"] ?? 0);
  afterTest(() => server.kill());
  const node = await start(folder);
  const url = `ws://127.0.0.1:${ports["8080"]}/`;
  const callee = await joinAutobahn(url, "msgpack");
  await callee.registerEcho("com.example.echo");
  const callers = [await joinWampy(url, "cbor"), await joinAutobahn(url, "json")];
  for (const caller of callers) {
    expect(await caller.call("com.example.echo", [1, "a"])).toEqual([1, "a"]);
  }
  for (const client of [callee, ...callers]) await client.leave();
  expect(node.output()).not.toContain("cluster lost");
});

test.if(hasNexus)("passthrough: the foreign router authenticates the client", async () => {
  const { folder, ports } = await copyOf("passthrough");
  const nexus = await startNexus(folder, ports["9000"] ?? 0);
  afterTest(() => nexus.stop());
  await start(folder);
  const url = `ws://127.0.0.1:${ports["8080"]}/`;
  const callee = await joinAutobahn(url, "msgpack");
  expect(callee.identity).toMatchObject({ authmethod: "anonymous", authprovider: "static" });
  await callee.registerEcho("com.example.echo");
  const caller = await joinWampy(url, "json");
  expect(await caller.call("com.example.echo", ["Grüße"])).toEqual(["Grüße"]);
  await Promise.all([caller.leave(), callee.leave()]);
});

describe.if(hasOpenssl && hasPython)("tls", () => {
  test("accepts the certificates that it knows, after certificates.sh", async () => {
    const { folder, ports } = await copyOf("tls");
    const { exitCode, stderr } = Bun.spawnSync([`${folder}/certificates.sh`]);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr.toString() }).toEqual({
      exitCode: 0,
      stderr: "",
    });
    await start(folder);
    const url = `wss://localhost:${ports["8443"]}/`;
    const file = (name: string) => `${folder}/${name}`;
    const tls = { ca: file("server.pem"), certificate: file("alice.pem"), key: file("alice.key") };
    const auth = { certificate: true } as const;
    const [known] = await joinAllPython([{ url, serializer: "json", auth, tls }]);
    expect(known).toMatchObject({ joined: { authid: "alice", authmethod: "tls" } });
    await expect(joinPython(url, "json", auth, { ca: tls.ca })).rejects.toThrow();
  }, 60_000);
});

test("authenticator: the program decides which clients may join", async () => {
  const { folder, ports } = await copyOf("authenticator");
  variable("AUTHENTICATOR_TICKET", "secret2");
  await start(folder);
  await startProgram(folder, "authenticator", ports["9001"]);
  const url = `ws://127.0.0.1:${ports["8080"]}/`;
  const alice = await joinAutobahn(url, "json", { authid: "alice", ticket: "secret1" });
  expect(alice.identity).toMatchObject({ authid: "alice", authrole: "user" });
  await alice.leave();
  const mallory = joinAutobahn(url, "json", { authid: "alice", ticket: "guess" });
  await expect(mallory).rejects.toThrow("com.example.refused");
});

test.if(hasPython)(
  "function-authenticator: a function in Python decides which clients may join",
  async () => {
    const { folder, ports } = await copyOf("function-authenticator");
    const beside = dirname(folder);
    symlinkSync(resolve(PYTHON, "../.."), `${beside}/venv`);
    variable("CROSSPROXY_PYTHON", "venv/bin/python");
    const node = await startNodeOf("function-authenticator/node.json", beside);
    afterTest(() => node.stop());
    expect(node.output()).toContain(` interpreter=${beside}/venv/bin/python `);
    const url = `ws://127.0.0.1:${ports["8080"]}/`;
    const alice = await joinAutobahn(url, "json", { authid: "alice", ticket: "secret1" });
    expect(alice.identity).toMatchObject({ authrole: "user", authprovider: "function" });
    await alice.leave();
    const wrong = joinAutobahn(url, "json", { authid: "alice", ticket: "secret2" });
    await expect(wrong).rejects.toThrow("com.example.refused");
  },
  60_000,
);

test.if(hasPython)(
  "components: a class decides which clients may join, another answers them",
  async () => {
    const { folder, ports } = await copyOf("components");
    variable("CROSSPROXY_PYTHON", PYTHON);
    const node = await start(folder);
    await node.untilOutput(/(component ready id=component001[\s\S]*){2}/);
    await node.untilOutput(/a guest runs/);
    const url = `ws://127.0.0.1:${ports["8080"]}/`;
    const alice = await joinAutobahn(url, "json", { authid: "alice", ticket: "secret1" });
    expect(await alice.call("com.example.greet", ["Alice"])).toBe("Hello, Alice");
    await alice.leave();
    const mallory = joinAutobahn(url, "json", { authid: "alice", ticket: "guess" });
    await expect(mallory).rejects.toThrow("com.example.refused");
  },
  60_000,
);

test("authorizer: the program decides what clients may do", async () => {
  const { folder, ports } = await copyOf("authorizer");
  variable("AUTHORIZER_TICKET", "secret2");
  await start(folder);
  await startProgram(folder, "authorizer", ports["9001"]);
  const client = await joinAutobahn(`ws://127.0.0.1:${ports["8080"]}/`, "json");
  const raised = (action: Promise<unknown>) =>
    action.then(
      () => null,
      ({ error }) => error,
    );
  expect(await raised(client.subscribe("com.example.public.news", () => {}))).toBeNull();
  expect(await raised(client.publish("com.example.public.news", []))).toBe(
    "wamp.error.not_authorized",
  );
  expect(await raised(client.registerEcho("com.example.other"))).toBe("wamp.error.not_authorized");
  await client.leave();
});

/** Runs the program of an example until it says that its procedure is registered. */
async function startProgram(folder: string, name: string, port = 0): Promise<void> {
  symlinkSync(resolve(EXAMPLES, "../node_modules"), `${folder}/node_modules`);
  const program = Bun.spawn([process.execPath, `${name}.mjs`], {
    cwd: folder,
    env: { ...process.env, ROUTER_URL: `ws://127.0.0.1:${port}/` },
    stdout: "pipe",
  });
  afterTest(() => {
    program.kill();
    return program.exited;
  });
  const { value } = await program.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe(`${name} registered\n`);
}

test("pages: a browser gets squares, and sends a form", async () => {
  const { folder, ports } = await copyOf("pages");
  await start(folder);
  await startProgram(folder, "procedures", ports["9000"]);
  const page = async (path: string, body?: URLSearchParams) => {
    const post = body && { method: "POST", body };
    return await (await fetch(`http://127.0.0.1:${ports["8080"]}${path}`, post)).text();
  };
  expect(await page("/")).toContain('<li><a href="/square/3">The square of 3</a></li>');
  expect(await page("/square/7")).toContain("<p>7 × 7 = 49</p>");
  expect(await page("/feedback", new URLSearchParams({ name: "<Joe>", text: "hello" }))).toContain(
    "<p>Thank you, &lt;Joe&gt;. You wrote 5 characters.</p>",
  );
});

test("systemd: what the unit says starts a node, reloads it, and ends it", async () => {
  const { folder } = await copyOf("one-file");
  variable("BACKEND_TICKET", "secret1");
  const unit = await Bun.file(join(EXAMPLES, "systemd/crossproxy.service")).text();
  const settings = Object.fromEntries(
    [...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]),
  );
  const [program, ...words] = (settings["ExecStart"] ?? "").split(" ");
  expect([program, words.pop()]).toEqual([
    "/usr/local/bin/crossproxy",
    "/var/lib/crossproxy/node.json",
  ]);
  const node = await nodeForTest(folder, ...words);
  expect(settings["ExecReload"]).toBe("/bin/kill -HUP $MAINPID");
  node.kill("SIGHUP");
  await node.untilOutput(/configuration has not changed/);
  node.kill("SIGTERM");
  expect(await node.exited).toBe(0);
});

test.if(Bun.which("systemd-analyze") !== null)("systemd: takes the unit of the sockets", () => {
  const tree = temporaryFolder();
  const units = join(tree, "usr/lib/systemd/system");
  mkdirSync(units, { recursive: true });
  const present = ["sockets.target", "sysinit.target", "basic.target", "network-online.target"];
  for (const name of present) cpSync(join("/usr/lib/systemd/system", name), join(units, name));
  for (const name of ["crossproxy.service", "crossproxy.socket"]) {
    cpSync(join(EXAMPLES, "systemd", name), join(units, name));
  }
  for (const program of ["usr/local/bin/crossproxy", "bin/kill"]) {
    mkdirSync(join(tree, dirname(program)), { recursive: true });
    cpSync("/bin/kill", join(tree, program), { dereference: true });
  }
  const verify = ["systemd-analyze", "verify", `--root=${tree}`, "crossproxy.socket"];
  const { stdout, stderr, exitCode } = Bun.spawnSync(verify);
  expect([stdout.toString(), stderr.toString(), exitCode]).toEqual(["", "", 0]);
});

/** Whether namespaces can be made here, as a container runtime makes them. */
const inNamespaces = ["unshare", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"];
const canIsolate =
  Bun.which("unshare") !== null &&
  Bun.which("ldd") !== null &&
  Bun.spawnSync([...inNamespaces, "mount", "--rbind", "/dev", "/dev"]).exitCode === 0;
if (!canIsolate) console.log("LEFT OUT: the test of an empty image, as namespaces cannot be made");

test.if(canIsolate)("container: runs in a root with nothing but glibc and itself", async () => {
  const { folder: image, ports } = await copyOf("container");
  const libraries = Bun.spawnSync(["ldd", BINARY]).stdout.toString().match(/\/\S+/g) ?? [];
  const names = libraries.map((path) => /[^/]+$/.exec(path)?.[0].split(".")[0]).toSorted();
  expect(names).toEqual(["ld-linux-x86-64", "libc", "libdl", "libm", "libpthread"]);
  for (const file of libraries) cpSync(file, join(image, file), { dereference: true });
  cpSync(BINARY, `${image}/crossproxy`);
  cpSync(`${image}/node.json`, `${image}/node/node.json`);
  const script = `mkdir ${image}/dev ${image}/proc ${image}/node/run
    mount --rbind /dev ${image}/dev
    mount -t proc proc ${image}/proc
    exec chroot ${image} /crossproxy /node/node.json`;
  const child = Bun.spawn([...inNamespaces, "sh", "-ec", script], {
    env: { ...process.env, ALICE_TICKET: "secret1" },
    stdout: "pipe",
    stderr: "pipe",
  });
  let output = "";
  afterTest(() => {
    child.kill("SIGKILL");
    return child.exited;
  });
  const reader = child.stdout.getReader();
  while (!/^worker +type/m.test(output)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the node ended: ${output}${await child.stderr.text()}`);
    output += new TextDecoder().decode(value);
  }
  const url = `ws://127.0.0.1:${ports["8080"]}/ws`;
  const alice = await joinWampy(url, "cbor", { authid: "alice", ticket: "secret1" });
  await alice.registerEcho("com.example.echo");
  expect(await alice.call("com.example.echo", [1])).toEqual([1]);
  await alice.leave();
  const page = await fetch(`http://127.0.0.1:${ports["8080"]}/`);
  expect(page.status).toBe(200);
  // unshare passes no signal on; the node is its child, and process 1 in there.
  const node = await Bun.file(`/proc/${child.pid}/task/${child.pid}/children`).text();
  process.kill(Number(node), "SIGTERM");
  expect(await child.exited).toBe(0);
});
