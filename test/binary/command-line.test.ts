import { beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";

const main = join(import.meta.dir, "../../src/main.ts");
let folder = "";

beforeAll(() => {
  folder = temporaryFolder();
});

/** Runs the command line in a folder of its own and waits for its end. */
async function crossproxy(...words: string[]) {
  const { CROSSBAR_DIR: _, ...env } = process.env;
  const child = Bun.spawn([process.execPath, main, ...words], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

test("prints the release", async () => {
  const expected = `crossproxy 0.1.0 (bun ${Bun.version})\n`;
  expect(await crossproxy("version")).toEqual({ stdout: expected, stderr: "", exitCode: 0 });
  expect(await crossproxy("--version")).toEqual({ stdout: expected, stderr: "", exitCode: 0 });
});

test("prints its help on standard output", async () => {
  const { stdout, stderr, exitCode } = await crossproxy("--help");
  expect(stdout).toContain("Usage: crossproxy");
  expect(stdout).toContain("--logformat");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
});

test("says what exit codes mean", async () => {
  const { stdout } = await crossproxy("--help");
  for (const code of ["0", "1", "2", "78"])
    expect(stdout).toMatch(new RegExp(`^ {2}${code} `, "m"));
});

test("writes to a file behind what others have written, and they behind it", async () => {
  const command = `echo before; "$@" version; echo after`;
  const child = Bun.spawn(["sh", "-c", command, "sh", process.execPath, main], {
    cwd: folder,
    stdio: ["ignore", Bun.file(join(folder, "shared.txt")), "inherit"],
  });
  await child.exited;
  const text = await Bun.file(join(folder, "shared.txt")).text();
  expect(text).toBe(`before\ncrossproxy 0.1.0 (bun ${Bun.version})\nafter\n`);
});

test("says what it looked for in a folder without a configuration", async () => {
  const { stderr, exitCode } = await crossproxy();
  expect(stderr).toContain(
    "there is no config.yaml, config.json or node.json that can be read, there or in .crossbar",
  );
  expect(exitCode).toBe(78);
});

test("ends with 2 for an unknown word, option or level", async () => {
  for (const words of [["strat"], ["start", "--nonsense"], ["--loglevel", "loud"]]) {
    const { stderr, exitCode } = await crossproxy(...words);
    expect(stderr).toStartWith("error: ");
    expect(exitCode).toBe(2);
  }
});

test("names in a file that lies elsewhere are relative to the node's folder, as in Crossbar", async () => {
  const services = { "/": { type: "static", directory: "web" } };
  const web = { type: "web", endpoint: { type: "unix", path: "web.sock" }, paths: services };
  const workers = [{ type: "router", realms: [], transports: [web] }];
  const place = temporaryFolder({ "conf/node.json": { version: 2, workers }, "node/web/a": "" });
  const file = join(place, "conf/node.json");
  const cbdir = join(place, "node");
  for (const named of ["../conf/node.json", file]) {
    const { stdout, stderr } = await crossproxy("check", "--cbdir", cbdir, "--config", named);
    expect(stderr).toBe("");
    expect(stdout).toContain("looks good");
  }
  expect((await crossproxy("check", file)).stderr).toContain("there is no such directory");
  const keys = await crossproxy("keys", "--cbdir", cbdir, "--config", file);
  expect(keys.exitCode).toBe(0);
  expect(readdirSync(cbdir)).toContain("key.priv");
});

test("suggests the command that is nearest to a word, with or without a file behind it", async () => {
  for (const words of [["chekc"], ["chekc", "node.json"]]) {
    const stderr = 'error: "chekc" is neither a command nor a file; did you mean "check"?\n';
    expect(await crossproxy(...words)).toEqual({ stdout: "", stderr, exitCode: 2 });
  }
  const { stderr, exitCode } = await crossproxy("a.json", "b.json");
  expect(stderr).toBe("error: expected one file, found 2 (see crossproxy --help)\n");
  expect(exitCode).toBe(2);
  writeFileSync(join(folder, "chekc"), "{}");
  expect((await crossproxy("chekc")).stderr).toContain("its name ends in neither .json nor .yaml");
});

test("warns of what this machine lacks, and starts nothing all the same", async () => {
  const endpoint = { type: "unix", path: "missing/testee.sock" };
  const workers = [{ type: "proxy", transports: [{ type: "websocket.testee", endpoint }] }];
  writeFileSync(join(folder, "lacking.json"), JSON.stringify({ version: 2, workers }));
  const sentence = `Cannot listen on "${join(folder, "missing/testee.sock")}": no such folder`;
  const place = "lacking.json:1:115  $.workers[0].transports[0].endpoint.path";
  const check = await crossproxy("check", "lacking.json");
  expect(check.stderr).toBe(`warning: ${place}: ${sentence}\n`);
  expect(check.exitCode).toBe(0);
  const start = await crossproxy("lacking.json");
  expect(start.stderr).toContain(`${place}: ${sentence}`);
  expect(start.exitCode).toBe(1);
});

test("names the components that the interpreter has no module for, and runs no other module", async () => {
  const transport = {
    type: "rawsocket",
    endpoint: { type: "unix", path: "a.sock" },
    serializer: "json",
  };
  const components = ["none.A", "json.JSONDecoder"].map((classname) => ({
    ...{ type: "class", classname, realm: "realm1", transport },
  }));
  const options = { python: hasPython ? PYTHON : "/none/python" };
  const node = { version: 2, workers: [{ type: "container", components, options }] };
  writeFileSync(join(folder, "components.json"), JSON.stringify(node));
  const check = await crossproxy("check", "components.json");
  const sentence = hasPython
    ? `Cannot load "none.A" with "${PYTHON}": no module "none" is found; the folder of the start is searched too, here "${folder}"\n`
    : 'Cannot run "/none/python": ENOENT';
  expect(check.stderr).toContain(`$.workers[0].components[0].classname: ${sentence}`);
  expect([check.stderr.split("\n").length, check.exitCode]).toEqual([hasPython ? 2 : 3, 0]);
});

test("warns once of what is the same at several places", async () => {
  const testee = (path: string) => ({
    type: "websocket.testee",
    endpoint: { type: "unix", path },
    options: { validate_utf8: false },
  });
  const transports = [testee("none/a.sock"), testee("none/b.sock")];
  const node = { version: 2, workers: [{ type: "proxy", transports }] };
  writeFileSync(join(folder, "alike.json"), JSON.stringify(node));
  const place = "alike.json:1:141  $.workers[0].transports[0].options.validate_utf8";
  const line = `${place}: not honoured: text is always checked to be UTF-8; also at 1:251\n`;
  expect((await crossproxy("check", "alike.json")).stderr).toContain(`warning: ${line}`);
  expect((await crossproxy("alike.json")).stderr).toContain(line);
});

test("prints the JSON Schema of the documents", async () => {
  const { stdout, stderr, exitCode } = await crossproxy("schema");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const file = join(import.meta.dir, "../../docs/node-json.schema.json");
  expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(file, "utf8")));
  expect((await crossproxy("--help")).stdout).toContain("print the JSON Schema");
});

test("names a missing file in one line, with 78 for start and 1 for check", async () => {
  const stderr = 'Cannot read "missing.json": no such file\n';
  expect(await crossproxy("missing.json")).toEqual({ stdout: "", stderr, exitCode: 78 });
  expect(await crossproxy("start", "--config", "missing.json")).toEqual({
    stdout: "",
    stderr,
    exitCode: 78,
  });
  expect(await crossproxy("check", "missing.json")).toEqual({ stdout: "", stderr, exitCode: 1 });
});

test("prints a fault with its place and counts it, without a stack", async () => {
  writeFileSync(join(folder, "broken.json"), '{ "version": 2,\n  "workers": [ }\n');
  const check = await crossproxy("check", "broken.json");
  expect(check.stderr).toMatch(/^broken\.json:2:\d+ {2}/);
  expect(check.stderr).toEndWith("1 problem in broken.json\n");
  expect(check.stderr).not.toContain("    at ");
  expect(check.exitCode).toBe(1);
  expect((await crossproxy("broken.json")).exitCode).toBe(78);
});

test("names a worker that is a list, with 78 for start and 1 for check", async () => {
  writeFileSync(join(folder, "list.json"), '{"version": 2, "workers": [[{"type": "router"}]]}');
  const stderr =
    "list.json:1:28  $.workers[0]: expected object, found list\n1 problem in list.json\n";
  expect(await crossproxy("list.json")).toEqual({ stdout: "", stderr, exitCode: 78 });
  expect(await crossproxy("check", "list.json")).toEqual({ stdout: "", stderr, exitCode: 1 });
});

test("waits for a reader that is slow, and loses no line", async () => {
  const workers = Array(3_000).fill([]);
  writeFileSync(join(folder, "many.json"), JSON.stringify({ version: 2, workers }));
  const command = `"$@" check many.json 2>&1 | (sleep 1; cat)`;
  const child = Bun.spawn(["sh", "-c", command, "sh", process.execPath, main], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = (await child.stdout.text()).split("\n");
  expect([lines.length, lines.at(-2)]).toEqual([3_002, "3000 problems in many.json"]);
});

test("prints warnings before what follows from them, on one terminal", async () => {
  writeFileSync(join(folder, "none.json"), '{"workers": []}');
  const { exitCode, stdout } = Bun.spawnSync(
    ["sh", "-c", `"$@" check none.json 2>&1`, "sh", process.execPath, main],
    {
      cwd: folder,
    },
  );
  const lines = stdout.toString().split("\n");
  expect([exitCode, lines.at(-1)]).toEqual([0, ""]);
  expect(lines.map((line) => line.split(":")[0])).toEqual([
    "warning",
    "warning",
    'Ok, node configuration "none.json" looks good',
    "",
  ]);
});

test("prints the node's public key, also for a file with faults, and checks its files", async () => {
  const connection = {
    transport: { type: "rawsocket", endpoint: { type: "unix", path: "router.sock" } },
    auth: { "cryptosign-proxy": {} },
  };
  const worker = { type: "proxy", connections: { a: connection } };
  const node = { version: 2, controller: { id: "node1" }, workers: [worker] };
  writeFileSync(join(folder, "signing.json"), JSON.stringify(node));
  writeFileSync(join(folder, "broken.json"), "{");
  const first = await crossproxy("keys", "broken.json");
  expect(first.stdout).toMatch(/^[0-9a-f]{64}\n$/);
  expect(await crossproxy("keys", "signing.json")).toEqual(first);
  expect((await crossproxy("check", "signing.json")).exitCode).toBe(0);
  rmSync(join(folder, "key.priv"));
  const { stderr, exitCode } = await crossproxy("check", "signing.json");
  expect({ exitCode, lines: stderr.split("\n").length - 1 }).toEqual({ exitCode: 1, lines: 1 });
  expect(stderr).toContain("its private key is not");
  expect((await crossproxy("signing.json")).exitCode).toBe(78);
});

describe("upgrade", () => {
  const permission = { uri: "a.*", call: true };
  const roles = [{ name: "anonymous", permissions: [permission] }];
  const old = { workers: [{ type: "router", realms: [{ name: "realm1", roles }] }] };
  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  test("writes version 2 beside the file, and replaces nothing", async () => {
    writeFileSync(join(folder, "old.json"), JSON.stringify(old), { mode: 0o600 });
    const check = await crossproxy("check", "old.json");
    expect(check.stderr).toBe(
      'warning: old.json:1:1  $: a file without a version is read as version 2; "crossproxy upgrade old.json" writes a file of version 2\n',
    );
    expect(await crossproxy("upgrade", "old.json")).toEqual({
      stdout:
        'Ok, "old.v2.json" is "old.json" in version 2; to see whether it has faults: crossproxy check old.v2.json\n',
      stderr: "",
      exitCode: 0,
    });
    expect(read("old.json")).toBe(JSON.stringify(old));
    expect(read("old.v2.json")).toContain('"allow":{"call":true,');
    expect(statSync(join(folder, "old.v2.json")).mode & 0o777).toBe(0o600);
    const { stderr, exitCode } = await crossproxy("check", "old.v2.json");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(await crossproxy("upgrade", "old.v2.json")).toEqual({
      stdout: 'Nothing to do: "old.v2.json" is of version 2 already\n',
      stderr: "",
      exitCode: 0,
    });
    expect(await crossproxy("upgrade", "--config", "old.json")).toEqual({
      stdout: "",
      stderr: 'Cannot write "old.v2.json": there is such a file; --force replaces it\n',
      exitCode: 1,
    });
    expect((await crossproxy("upgrade", "old.json", "--force")).exitCode).toBe(0);
  });

  test("leaves out what neither version knows, with a warning", async () => {
    const realm = {
      name: "realm1",
      roles: [{ name: "user", permissions: [{ uri: "a", debug: 1 }] }],
    };
    const node = { workers: [{ type: "router", realms: [realm] }] };
    writeFileSync(join(folder, "debug.json"), JSON.stringify(node));
    const { stderr, exitCode } = await crossproxy("upgrade", "debug.json");
    expect([stderr, exitCode]).toEqual([
      "warning: debug.json:1:107  $.workers[0].realms[0].roles[0].permissions[0].debug: unknown attribute, which is left out\n",
      0,
    ]);
    expect(read("debug.v2.json")).not.toContain("debug");
  });

  test("writes YAML where it is told to", async () => {
    writeFileSync(join(folder, "old.yaml"), "# old\nworkers: []  # none\n");
    const { stderr, exitCode } = await crossproxy("upgrade", "old.yaml", "--output", "new.yml");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(read("new.yml")).toBe("# old\nversion: 2\nworkers: []  # none\n");
  });

  test.each([
    ["old.yaml", "its name has to end in .yaml or .yml, the format of its text", "new.json"],
    ["old.yaml", "it is the file that it is made of", "./old.yaml"],
    ["old.yaml", "no such folder", "nowhere/new.yaml"],
  ])("of %s is refused: %s", async (file, state, output) => {
    const { stderr, exitCode } = await crossproxy("upgrade", file, "--output", output, "--force");
    expect(stderr).toBe(`Cannot write "${output}": ${state}\n`);
    expect(exitCode).toBe(1);
    expect(read("old.yaml")).toStartWith("# old\nworkers");
  });

  test("names the faults of a file that it cannot read", async () => {
    writeFileSync(join(folder, "three.json"), '{"version": 3}');
    expect(await crossproxy("upgrade", "three.json")).toEqual({
      stdout: "",
      stderr:
        "three.json:1:13  $.version: expected 1 or 2, found 3: this program reads no other version\n1 problem in three.json\n",
      exitCode: 1,
    });
    const { stderr, exitCode } = await crossproxy("upgrade", "missing.json");
    expect({ stderr, exitCode }).toEqual({
      stderr: 'Cannot read "missing.json": no such file\n',
      exitCode: 1,
    });
  });
});

test("names the worker whose port is in use, and leaves nothing behind", async () => {
  const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const endpoint = { type: "tcp", port: taken.port, interface: "127.0.0.1" };
  const transports = [{ type: "websocket.testee", endpoint }];
  const node = { version: 2, workers: [{ type: "proxy", id: "proxy1", transports }] };
  writeFileSync(join(folder, "taken.json"), JSON.stringify(node));
  const { stderr, exitCode } = await crossproxy("taken.json");
  taken.stop(true);
  expect(stderr).toEndWith(
    `Cannot start worker "proxy1": cannot listen on "tcp 127.0.0.1:${taken.port}": address already in use\n`,
  );
  expect(exitCode).toBe(1);
});

/** Starts a node of one worker, and ends it once it listens; gives its exit code. */
async function startTestee(name: string, env: Record<string, string>) {
  const endpoint = { type: "unix", path: `${name}.sock` };
  const transports = [{ type: "websocket.testee", endpoint }];
  const node = { version: 2, workers: [{ type: "proxy", transports }] };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(node));
  const child = Bun.spawn([process.execPath, main, `${name}.json`], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  afterTest(() => child.kill("SIGKILL"));
  let output = "";
  for await (const chunk of child.stdout) {
    output += Buffer.from(chunk).toString();
    if (output.includes(`${name}.sock`)) break;
  }
  expect(output).toContain(`${name}.sock`);
  child.kill("SIGTERM");
  return child.exited;
}

test("gives workers no variable with which Bun runs other code", async () => {
  const script = `require("node:fs").appendFileSync("ran", process.argv[2] + "\\n");`;
  writeFileSync(join(folder, "foreign.cjs"), script);
  await startTestee("preload", { BUN_OPTIONS: "--preload ./foreign.cjs" });
  expect(readFileSync(join(folder, "ran"), "utf8")).toBe("preload.json\n");
});

test("starts its workers while a debugger may connect to the controller", async () => {
  const free = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  free.stop(true);
  const BUN_INSPECT = `ws://127.0.0.1:${free.port}/abc`;
  expect(await startTestee("inspect", { BUN_INSPECT })).toBe(0);
});

test("refuses to be a worker without a controller", async () => {
  const { stderr, exitCode } = await crossproxy("__worker");
  expect(stderr).toBe("Cannot run as a worker: no controller started this process\n");
  expect(exitCode).toBe(2);
});
