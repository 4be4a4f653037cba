/** The file that names the process of a node, and processes that are no node or not this one. */

import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { claimFolder, runningNode } from "#node/node-pid.ts";
import { afterTest } from "../../support/cleanups.ts";
import { untilEnded } from "../../support/process-end.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A process that runs until the end of the test, with a first argument that `ps` shows for its name. */
function processNamed(name: string): number {
  const child = Bun.spawn(["bash", "-c", `exec -a "${name}" sleep 1000`], { stdin: "ignore" });
  afterTest(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  return child.pid;
}

/** Resolves once the shell has become the program, with its name. */
async function untilNamed(pid: number, name: string): Promise<void> {
  while (!readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(name)) await Bun.sleep(1);
}

function startTimeOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19]);
}

const folderWith = (text: unknown) => temporaryFolder({ "node.pid": text });

test.each([
  ["there is no file", temporaryFolder()],
  ["the file is no JSON", folderWith("4711\n")],
  ["the file has no process id", folderWith({ pid: "4711" })],
  ["the file has this process, as in a container", folderWith({ pid: process.pid })],
  ["there is no such process", folderWith({ pid: 2 ** 22 + 1 })],
])("no node runs where %s", (_, folder) => {
  expect(runningNode(folder)).toBeNull();
});

test("a process of Crossbar that a file of Crossbar names is a node", async () => {
  const pid = processNamed("crossbar-controller");
  await untilNamed(pid, "crossbar-controller");
  const file = { pid, argv: ["crossbar", "start"], options: { loglevel: "info" } };
  expect(runningNode(folderWith(file))).toMatchObject(file);
});

test("another process that has got the id of a node is none", async () => {
  const pid = processNamed("anything");
  await untilNamed(pid, "anything");
  expect(runningNode(folderWith({ pid, argv: [], options: {} }))).toBeNull();
  expect(runningNode(folderWith({ pid, start_time: startTimeOf(pid) - 1 }))).toBeNull();
  expect(runningNode(folderWith({ pid, start_time: startTimeOf(pid) }))).toMatchObject({ pid });
});

test("a process that has ended, and waits for its parent, is no node", async () => {
  // The shell becomes a program that does not ask for the end of its child.
  const parent = Bun.spawn(["sh", "-c", "sleep 0 & echo $!; exec sleep 1000"], { stdout: "pipe" });
  afterTest(() => parent.kill("SIGKILL"));
  const { value } = await parent.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  await untilEnded(pid);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  expect(runningNode(folderWith({ pid, start_time: startTimeOf(pid) }))).toBeNull();
});

test("a folder in which a node runs is refused, with its process id, and its file stays", () => {
  const pid = processNamed("anything");
  const folder = folderWith({ pid, start_time: startTimeOf(pid) });
  const text = readFileSync(join(folder, "node.pid"), "utf8");
  expect(() => claimFolder(folder, { argv: [], options: {} })).toThrow(
    `Cannot start a node in "${folder}": one is running there already, with process id ${pid}`,
  );
  expect(readFileSync(join(folder, "node.pid"), "utf8")).toBe(text);
});

test("a folder that cannot be written to has no file, and a sentence says so", () => {
  const folder = join(temporaryFolder(), "none");
  const sentence = `Cannot write "${folder}/node.pid": no such file; a second node in this folder is not noticed`;
  expect(claimFolder(folder, { argv: [], options: {} })).toBe(sentence);
});

test("the file of a process that ended without removing it is replaced", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "node.pid"), "not a node");
  const script = `
    const { claimFolder } = await import("#node/node-pid.ts");
    claimFolder(${JSON.stringify(folder)}, { argv: ["crossproxy", "start"], options: { color: "auto" } });
    console.log(await Bun.file(${JSON.stringify(join(folder, "node.pid"))}).text(), process.pid);`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script], { cwd: import.meta.dir });
  const [, file = "", pid] = /^(\{.*\})\s+(\d+)$/s.exec(stdout.toString().trim()) ?? [];
  expect(JSON.parse(file)).toEqual({
    pid: Number(pid),
    argv: ["crossproxy", "start"],
    options: { color: "auto" },
    start_time: expect.any(Number),
  });
  expect(existsSync(join(folder, "node.pid"))).toBe(false);
});

test("of several starts in the same moment one takes the folder, also from a node that was killed", async () => {
  const stale = { pid: 2 ** 22 + 1, argv: [], options: {} };
  const folders = Array.from({ length: 20 }, () => folderWith(stale));
  // Each waits for the same moments without a pause, and stays until the others have tried.
  const script = `
    const { claimFolder } = await import("#node/node-pid.ts");
    process.setMaxListeners(0);
    console.log("ready");
    const input = console[Symbol.asyncIterator]();
    const { value } = await input.next();
    const [begin, folders] = JSON.parse(value);
    const claimed = folders.map((folder, index) => {
      while (Date.now() < begin + index * 10);
      try {
        claimFolder(folder, { argv: [], options: {} });
        return 1;
      } catch {
        return 0;
      }
    });
    console.log(JSON.stringify(claimed));
    await input.next();`;
  const starts = Array.from({ length: 4 }, () => startOf(script));
  for (const start of starts) expect(await start.line()).toBe("ready");
  for (const start of starts) start.say(JSON.stringify([Date.now() + 50, folders]));
  const outcomes = await Promise.all(starts.map(async (start) => JSON.parse(await start.line())));
  const winners = folders.map((_, index) => outcomes.reduce((sum, one) => sum + one[index], 0));
  expect(winners).toEqual(folders.map(() => 1));
});

/** A process that runs a script, and says a line and hears one after the other. */
function startOf(script: string) {
  const child = Bun.spawn([process.execPath, "-e", script], {
    cwd: import.meta.dir,
    stdio: ["pipe", "pipe", "inherit"],
  });
  afterTest(async () => {
    child.stdin.end();
    await child.exited;
  });
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  let text = "";
  return {
    say(line: string) {
      child.stdin.write(`${line}\n`);
      child.stdin.flush();
    },
    async line(): Promise<string> {
      while (!text.includes("\n")) text += decoder.decode((await reader.read()).value);
      const [line = "", ...rest] = text.split("\n");
      text = rest.join("\n");
      return line;
    },
  };
}
