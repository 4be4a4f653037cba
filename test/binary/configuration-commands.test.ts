/** The commands that write, check and change configurations and keys, and what the command line says of others. */

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { documentText } from "../support/documents.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, freePort, startNodeOf } from "../support/temporary-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";
import { wampSocket } from "../support/wamp-socket.ts";

/** Runs a command in a folder until its end. */
async function run(folder: string, ...words: string[]) {
  const { CROSSBAR_DIR: _, ...env } = process.env;
  const child = Bun.spawn([BINARY, ...words], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

describe("init", () => {
  test("writes a node that starts, with a page and a client that hears itself", async () => {
    const folder = temporaryFolder();
    const { stdout, exitCode } = await run(folder, "init", "--appdir", "app");
    expect(exitCode).toBe(0);
    expect(stdout).toEndWith("To start the node: cd app && crossproxy start\n");
    const config = join(folder, "app/.crossbar/config.json");
    const port = freePort();
    writeFileSync(config, readFileSync(config, "utf8").replace("8080", String(port)));
    const check = await run(join(folder, "app"), "check");
    expect({ stderr: check.stderr, exitCode: check.exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const node = await startNodeOf("start", join(folder, "app"));
    afterTest(() => node.stop());

    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(await page.text()).toContain("A client of this node");
    expect((await fetch(`http://127.0.0.1:${port}/info`)).status).toBe(200);
    const client = await wampSocket(`ws://127.0.0.1:${port}/ws`);
    client.says([1, "realm1", { roles: { publisher: {}, subscriber: {} } }]);
    expect((await client.next())[0]).toBe(2);
    client.says([32, 1, {}, "com.example.text"]);
    await client.next();
    client.says([16, 2, { exclude_me: false }, "com.example.text", ["hello"]]);
    expect((await client.next())[4]).toEqual(["hello"]);
  });

  test("replaces nothing", async () => {
    const config = temporaryFolder({ "node.json": "{}" });
    const { stderr, exitCode } = await run(config, "init");
    expect(stderr).toBe('Cannot make a node in ".": there is one already, "node.json"\n');
    expect([exitCode, existsSync(join(config, "web"))]).toEqual([1, false]);
    const other = temporaryFolder({ "README.md": "mine" });
    expect((await run(other, "init")).stderr).toBe(
      'Cannot write "README.md": there is such a file\n',
    );
    expect(existsSync(join(other, ".crossbar"))).toBe(false);
    expect(readFileSync(join(other, "README.md"), "utf8")).toBe("mine");
    const file = temporaryFolder({ app: "" });
    expect((await run(file, "init", "--appdir", "app")).stderr).toStartWith('Cannot write "app/');
  });
});

describe("convert", () => {
  const node = { version: 2, workers: [] };

  test("writes YAML beside JSON, and JSON beside YAML, and replaces nothing", async () => {
    const folder = temporaryFolder({ "node.json": node });
    expect(await run(folder, "convert", "node.json")).toEqual({
      stdout: 'Ok, "node.yaml" is "node.json" in YAML\n',
      stderr: "",
      exitCode: 0,
    });
    expect(readFileSync(join(folder, "node.yaml"), "utf8")).toBe("version: 2\nworkers: []\n");
    const again = await run(folder, "convert", "node.yaml");
    const stderr = 'Cannot write "node.json": there is such a file; --force replaces it\n';
    expect(again).toEqual({ stdout: "", stderr, exitCode: 1 });
    expect((await run(folder, "convert", "node.yaml", "--force")).exitCode).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, "node.json"), "utf8"))).toEqual(node);
  });

  test("keeps the mode of a file that may have secrets in it, and names what is lost", async () => {
    const folder = temporaryFolder();
    const yaml = "# a node\nversion: 2\nworkers: []  # none\n";
    writeFileSync(join(folder, "a.yml"), yaml, { mode: 0o600 });
    const { stderr, exitCode } = await run(folder, "convert", "a.yml", "--output", "b.json");
    expect(stderr).toBe(
      "warning: a.yml:1:1  $: JSON has no comments: those in lines 1, 3 are lost\n",
    );
    expect(exitCode).toBe(0);
    expect(statSync(join(folder, "b.json")).mode & 0o777).toBe(0o600);
  });

  test("refuses a file with faults, as Crossbar does, and a name of the other format", async () => {
    const folder = temporaryFolder({ "bad.json": { version: 2, workers: 1 }, "node.json": node });
    const { stderr, exitCode } = await run(folder, "convert", "bad.json");
    expect([stderr.split("\n").at(-2), exitCode]).toEqual(["1 problem in bad.json", 1]);
    expect(existsSync(join(folder, "bad.yaml"))).toBe(false);
    expect((await run(folder, "convert", "node.json", "--output", "b.json")).stderr).toBe(
      'Cannot write "b.json": its name has to end in .yaml or .yml, the format of its text\n',
    );
  });
});

test("check --verbose prints what a configuration makes, and no secret", async () => {
  const endpoint = { type: "unix", path: "a.sock" };
  const auth = { ticket: { type: "static", principals: { joe: { ticket: "s3cret", role: "a" } } } };
  const router = {
    type: "router",
    id: "router1",
    realms: [{ name: "realm1", roles: [{ name: "a" }, { name: "b" }] }],
    transports: [{ type: "web", endpoint, paths: { ws: { type: "websocket", auth } } }],
  };
  const node = { version: 2, controller: { id: "node1" }, workers: [router] };
  const folder = temporaryFolder({ "node.json": node });
  const { stdout, stderr, exitCode } = await run(folder, "check", "--verbose");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toBe(
    [
      `node node1 in ${folder}`,
      "  router router1",
      "    realm realm1: a, b",
      "    web on a Unix socket",
      "      /ws websocket",
      'Ok, node configuration "node.json" looks good',
      "",
    ].join("\n"),
  );
});

test("keys --private prints the private half of the node's key", async () => {
  const folder = temporaryFolder({ "node.json": { version: 2, workers: [] } });
  const [open, secret] = [await run(folder, "keys"), await run(folder, "keys", "--private")];
  expect(secret.stdout).toMatch(/^[0-9a-f]{64}\n$/);
  const text = readFileSync(join(folder, "key.priv"), "utf8");
  expect(text).toContain(`private-key-ed25519: ${secret.stdout}`);
  expect(text).toContain(`public-key-ed25519: ${open.stdout}`);
});

test.if(hasPython)(
  "keygen prints a pair that PyNaCl takes for one, as Crossbar prints it",
  async () => {
    const { stdout, exitCode } = await run(temporaryFolder(), "keygen");
    const [, secret = "", open] =
      /^ {2}private: ([0-9a-f]{64})\n {3}public: ([0-9a-f]{64})\n$/.exec(stdout) ?? [];
    expect(exitCode).toBe(0);
    const script = `
import sys, nacl.public
print(nacl.public.PrivateKey(bytes.fromhex(sys.argv[1])).public_key.encode().hex())`;
    const python = Bun.spawnSync([PYTHON, "-c", script, secret]);
    expect(python.stdout.toString().trim()).toBe(open ?? "");
  },
);

test.each([
  ["legal", "LICENSE"],
  ["quickstart", "crossproxy init"],
  ["shell", "crossproxy status"],
  ["edge", "crossproxy start"],
])("%s, a command of Crossbar alone, says what to do instead", async (command, instead) => {
  const { stdout, stderr, exitCode } = await run(temporaryFolder(), command, "--any", "thing");
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  expect(stderr).toStartWith(`error: "${command}" is a command of Crossbar alone: `);
  expect(stderr).toContain(instead);
});

test("a command with a mistake is suggested also where it has options", async () => {
  const { stderr, exitCode } = await run(temporaryFolder(), "statsu", "--assert", "running");
  expect(stderr).toBe('error: "statsu" is neither a command nor a file; did you mean "status"?\n');
  expect(exitCode).toBe(2);
});

test("takes the word standalone before a command, as Crossbar does", async () => {
  const { stdout } = await run(temporaryFolder(), "standalone", "status");
  expect(stdout).toBe("Status is STOPPED\n");
});

/** The names of all commands, as the help lists them. */
async function commandNames(): Promise<string[]> {
  const { stdout } = await run(temporaryFolder(), "--help");
  const [, list = ""] = stdout.split("Commands:");
  const names = [...list.matchAll(/^ {2}([a-z]{2,}) /gm)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(12);
  return names;
}

test("every command has a row in its document", async () => {
  const rows = documentText("docs/command-line.md").matchAll(/^\| `([a-z]+)/gm);
  const told = [...rows].map(([, name = ""]) => name);
  for (const name of await commandNames()) expect(told).toContain(name);
});

describe("completions", () => {
  const folder = temporaryFolder({ "node.json": "", "other.txt": "" });

  /** What bash offers for the last of the words. */
  async function offered(...words: string[]): Promise<string[]> {
    const script = `
      eval "$("$0" completions bash)"
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _crossproxy; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const child = Bun.spawnSync(["bash", "-c", script, BINARY, "crossproxy", ...words], {
      cwd: folder,
    });
    expect(child.stderr.toString()).toBe("");
    return child.stdout.toString().trim().split("\n").filter(Boolean);
  }

  test.each([
    [["sta"], ["start", "status"]],
    [
      ["check", "--v"],
      ["--verbose", "--version"],
    ],
    [["start", "--loglevel", "de"], ["debug"]],
    [
      ["--color", ""],
      ["auto", "true", "false"],
    ],
    [["status", "--assert", "r"], ["running"]],
    [["completions", "f"], ["fish"]],
    [["start", "--shutd"], ["--shutdownafter"]],
    // bash then offers the names of files.
    [["check", "nod"], []],
    [["check", ""], []],
  ])("of bash offer for %j: %j", async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });

  test.each(["zsh", "fish"])("of %s name every command", async (shell) => {
    const { stdout, exitCode } = await run(folder, "completions", shell);
    expect(exitCode).toBe(0);
    for (const command of await commandNames())
      expect(stdout).toMatch(new RegExp(`\\b${command}\\b`));
  });

  test("of another shell are refused", async () => {
    const { stderr, exitCode } = await run(folder, "completions", "tcsh");
    expect(stderr).toContain("bash, zsh, fish");
    expect(exitCode).toBe(2);
  });
});
