import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkNodeKey, decoyKey, loadNodeKey } from "#node/node-key.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

/** Whether a folder can be made read-only for one process. */
const canMount =
  Bun.which("unshare") !== null &&
  process.getuid?.() === 0 &&
  Bun.spawnSync(["unshare", "--mount", "mount", "--rbind", "/dev", "/dev"]).exitCode === 0;

/** A folder with a key, and a way to change a file of it. */
function keyFolder() {
  const folder = temporaryFolder();
  const { key } = loadNodeKey(folder, "node1");
  const edit = (name: string, from: string | RegExp, to: string) => {
    const file = join(folder, name);
    writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
  };
  return { folder, key, edit };
}

describe("the node's key", () => {
  test("is made once, guarded, and read again", () => {
    const folder = temporaryFolder();
    const made = loadNodeKey(folder, "node1");
    expect(made).toMatchObject({ isNew: true, warnings: [] });
    expect(made.key.publicKey).toMatch(/^[0-9a-f]{64}$/);
    expect(mode(join(folder, "key.priv"))).toBe("600");
    expect(mode(join(folder, "key.pub"))).toBe("644");
    expect(readdirSync(folder).toSorted()).toEqual(["key.priv", "key.pub"]);
    expect(readFileSync(join(folder, "key.pub"), "utf8")).not.toContain(made.key.privateKey);
    expect(loadNodeKey(folder, "node1")).toEqual({ ...made, isNew: false });
  });

  test("is not made by a look at it", () => {
    const folder = temporaryFolder();
    checkNodeKey(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("has a key for decoys that lasts; a folder without a key has none", () => {
    const { folder, key } = keyFolder();
    const lasting = decoyKey(folder);
    expect(lasting).toMatch(/^[0-9a-f]{64}$/);
    expect(decoyKey(folder)).toBe(lasting);
    expect(lasting).not.toContain(key.privateKey);
    const empty = temporaryFolder();
    expect(decoyKey(empty)).not.toBe(decoyKey(empty));
    expect(readdirSync(empty)).toEqual([]);
  });

  test("has its public file made anew from the private one", () => {
    const { folder, key } = keyFolder();
    rmSync(join(folder, "key.pub"));
    expect(loadNodeKey(folder, "node1")).toMatchObject({ key, isNew: false });
    expect(readFileSync(join(folder, "key.pub"), "utf8")).toContain(key.publicKey);
  });

  test("is not replaced when only its public file is there", () => {
    const { folder } = keyFolder();
    rmSync(join(folder, "key.priv"));
    expect(() => loadNodeKey(folder, "node1")).toThrow("its private key is not");
    expect(() => checkNodeKey(folder)).toThrow("its private key is not");
    expect(readdirSync(folder)).toEqual(["key.pub"]);
  });

  test("is made unreadable to other users, with a warning", () => {
    const { folder } = keyFolder();
    const file = join(folder, "key.priv");
    chmodSync(file, 0o644);
    expect(loadNodeKey(folder, "node1").warnings).toEqual([
      `mode of "${file}" was 0644, is now 0600`,
    ]);
    expect(mode(file)).toBe("600");
    chmodSync(file, 0o400);
    expect(loadNodeKey(folder, "node1").warnings).toEqual([]);
    expect(mode(file)).toBe("400");
  });

  test.if(canMount)("is used where its mode cannot be changed, with a warning", () => {
    const { folder, key } = keyFolder();
    const file = join(folder, "key.priv");
    chmodSync(file, 0o440);
    const module = JSON.stringify(join(import.meta.dir, "../../../src/node/node-key.ts"));
    const code = `import { loadNodeKey } from ${module};
      process.stdout.write(JSON.stringify(loadNodeKey(${JSON.stringify(folder)}, "node1")));`;
    const script = `mount --bind ${folder} ${folder}
      mount -o remount,ro,bind ${folder}
      exec "$0" -e "$1"`;
    const command = ["unshare", "--mount", "sh", "-ec", script, process.execPath, code];
    const { stdout, stderr } = Bun.spawnSync(command);
    expect(stderr.toString()).toBe("");
    expect(JSON.parse(stdout.toString())).toEqual({
      key,
      isNew: false,
      warnings: [`mode of "${file}" is 0440, and cannot be changed: the file system is read-only`],
    });
  });

  const other = "0".repeat(64);
  test.each([
    ["key.pub", /public-key-ed25519: .*/, `public-key-ed25519: ${other}`, "is not that of"],
    ["key.priv", /public-key-ed25519: .*/, `public-key-ed25519: ${other}`, "are not a pair"],
    ["key.priv", /private-key-ed25519: .*/, "private-key-ed25519: 12", "is not 64 hex digits"],
    ["key.priv", /private-key-ed25519: .*\n/, "", "has no private-key-ed25519"],
    ["key.pub", /creator: .*\n/, "", "has no creator"],
    ["key.pub", /$/, "colour: red\n", "has an unknown line"],
    ["key.pub", /$/, "creator: me\n", "has creator twice"],
    ["key.pub", /$/, `private-key-ed25519: ${other}\n`, "has an unknown line"],
    ["key.priv", /^.*\n\n/, "", "has no creator"],
  ])("is refused when %s is changed: %p", (name, from, to, sentence) => {
    const { folder, key, edit } = keyFolder();
    edit(name, from, to);
    const refused = () => loadNodeKey(folder, "node1");
    expect(refused).toThrow(sentence);
    expect(refused).not.toThrow(key.privateKey);
    expect(() => checkNodeKey(folder)).toThrow(sentence);
  });

  test("is one and the same for nodes that start together", async () => {
    const folder = temporaryFolder();
    const module = JSON.stringify(join(import.meta.dir, "../../../src/node/node-key.ts"));
    const code = `import { loadNodeKey } from ${module};
      process.stdout.write(loadNodeKey(${JSON.stringify(folder)}, "node1").key.publicKey);`;
    const children = Array.from({ length: 6 }, () =>
      Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stderr: "inherit" }),
    );
    const keys = await Promise.all(children.map((child) => new Response(child.stdout).text()));
    expect(new Set(keys)).toEqual(new Set([loadNodeKey(folder, "node1").key.publicKey]));
    expect(readdirSync(folder).toSorted()).toEqual(["key.priv", "key.pub"]);
  });
});

describe.if(hasPython)("Crossbar's own code", () => {
  const python = (folder: string) => {
    const code = `import sys
from crossbar.common.key import _maybe_generate_node_key, _read_node_key
new, key = _maybe_generate_node_key(sys.argv[1])
sys.stderr.write("\\nKEY " + key.public_key() + " " + _read_node_key(sys.argv[1], private=True)["hex"])`;
    const { stderr } = Bun.spawnSync([PYTHON, "-c", code, folder]);
    return stderr.toString().split("KEY ").at(-1)?.trim();
  };

  test("reads the files as its node's, and what it makes of them is read here", () => {
    const { folder, key } = keyFolder();
    expect(python(folder)).toBe(`${key.publicKey} ${key.privateKey}`);
    expect(readFileSync(join(folder, "key.priv"), "utf8")).toContain("private-key-eth");
    expect(loadNodeKey(folder, "node1")).toEqual({ key, isNew: false, warnings: [] });
  }, 60_000);

  test("makes files that are read here", () => {
    const folder = temporaryFolder();
    const [publicKey, privateKey] = python(folder)?.split(" ") ?? [];
    expect(loadNodeKey(folder, "node1").key).toEqual({ publicKey, privateKey } as never);
  }, 60_000);
});
