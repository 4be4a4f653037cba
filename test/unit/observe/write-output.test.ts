/** Standard output with a reader that does not keep up: a log must never stop the program. */

import { describe, expect, test } from "bun:test";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterTest } from "../../support/cleanups.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SOURCE = resolve(import.meta.dir, "../../../src/observe/write-output.ts");
const PIPE_OCTETS = 65_536;

/** A process that runs these lines, in which both functions are known, and writes more once it is told to. */
function run(stdout: number, lines: string) {
  const script = `
    const { writeOutput, gatherOutput } = await import(${JSON.stringify(SOURCE)});
    ${lines}
    for await (const _ of console) { writeOutput("stdout", "after\\n"); break; }
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdin: "pipe",
    stdout,
    stderr: "pipe",
  });
  afterTest(() => child.kill("SIGKILL"));
  return child;
}

/** A process that writes 100 texts of 4096 octets, and another one once it is told to. */
const writer = (stdout: number) =>
  run(
    stdout,
    `for (let count = 0; count < 100; count++) writeOutput("stdout", "x".repeat(4095) + "\\n");
    writeOutput("stderr", "written\\n");`,
  );

/** A pipe that nothing reads but the test, and that is full after 64 KiB. */
function pipe() {
  const path = join(temporaryFolder(), "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const made = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  afterTest(() => closeSync(made));
  return made;
}

/** What a pipe holds. */
function taken(from: number): string {
  const octets = Buffer.alloc(2 * PIPE_OCTETS);
  return octets.toString("utf8", 0, readSync(from, octets, 0, octets.length, null));
}

/** Tells a process to go on, and waits for its end. */
async function goOn(child: ReturnType<typeof run>): Promise<void> {
  child.stdin.write("go on\n");
  child.stdin.flush();
  expect(await child.exited).toBe(0);
}

test("texts that a full pipe does not take are dropped whole, and counted", async () => {
  const full = pipe();
  const child = writer(full);
  const { value } = await child.stderr.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toBe("written\n");
  expect(taken(full)).toHaveLength(PIPE_OCTETS);
  await goOn(child);
  expect(taken(full)).toBe("(84 texts before this one were lost: pipe full)\nafter\n");
});

test("a log in JSON has the number of those that were dropped as a record of its own", async () => {
  const full = pipe();
  const logger = JSON.stringify(resolve(SOURCE, "../process-logger.ts"));
  const child = run(
    full,
    `const { setLogOutput } = await import(${logger});
    const source = { format: "json", system: "Proxy", worker: "proxy1", pid: 7 };
    setLogOutput({ color: false, file: null }, source);
    for (let count = 0; count < 20; count++) writeOutput("stdout", "x".repeat(4095) + "\\n");
    writeOutput("stderr", "written\\n");`,
  );
  await child.stderr.getReader().read();
  taken(full);
  await goOn(child);
  const [record = "", ...rest] = taken(full).split("\n");
  expect(rest).toEqual(["after", ""]);
  const fields = { event: "log lines lost", lost: 4, cause: "pipe full" };
  const source = { level: "warn", system: "Proxy", worker: "proxy1", pid: 7 };
  expect(JSON.parse(record)).toEqual({ time: expect.any(String), ...source, ...fields });
});

test("a file gets everything, behind what is in it", async () => {
  const path = join(temporaryFolder({ log: "before\n" }), "log");
  const file = openSync(path, "a");
  const child = writer(file);
  closeSync(file);
  await goOn(child);
  const lines = readFileSync(path, "utf8").split("\n");
  expect([lines.length, lines[0], lines.at(-2)]).toEqual([103, "before", "after"]);
});

describe("lines that are gathered", () => {
  test.each([
    ["it exits", "process.exit(0);"],
    ["it has nothing more to do", ""],
    ["it fails", 'process.on("uncaughtException", () => process.exit(1)); throw new Error();'],
  ])("are written before a process ends because %s", async (_why, end) => {
    const script = `
      const { gatherOutput } = await import(${JSON.stringify(SOURCE)});
      for (let n = 0; n < 1000; n++) gatherOutput("line " + n + "\\n");
      ${end}`;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    const expected = Array.from({ length: 1000 }, (_, n) => `line ${n}\n`).join("");
    expect(await child.stdout.text()).toBe(expected);
  });

  test("are written before any other text, on either stream", async () => {
    const script = `
      const { gatherOutput, writeOutput } = await import(${JSON.stringify(SOURCE)});
      gatherOutput("1\\n");
      writeOutput("stderr", "2\\n");
      gatherOutput("3\\n");
      writeOutput("stdout", "4\\n");
      gatherOutput("5\\n");
      process.kill(process.pid, "SIGKILL");`;
    const command = ["sh", "-c", 'exec "$0" -e "$1" 2>&1', process.execPath, script];
    expect(await Bun.spawn(command, { stdout: "pipe" }).stdout.text()).toBe("1\n2\n3\n4\n");
  });

  test("are counted one by one where a full pipe does not take them", async () => {
    const full = pipe();
    const child = run(
      full,
      `for (let n = 0; n < 100; n++) gatherOutput("x".repeat(1023) + "\\n");
      writeOutput("stderr", "written\\n");`,
    );
    await child.stderr.getReader().read();
    expect(taken(full)).toMatch(/^(x{1023}\n){64}$/);
    await goOn(child);
    expect(taken(full)).toBe("(36 texts before this one were lost: pipe full)\nafter\n");
  });
});
