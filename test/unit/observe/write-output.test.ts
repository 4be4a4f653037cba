/** Standard output with a reader that does not keep up: a log must never stop the program. */

import { expect, test } from "bun:test";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterTest } from "../../support/cleanups.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SOURCE = resolve(import.meta.dir, "../../../src/observe/write-output.ts");
const PIPE_OCTETS = 65_536;

/** A process that writes 100 texts of 4096 octets, and another one once it is told to. */
function writer(stdout: number) {
  const script = `
    const { writeOutput } = await import(${JSON.stringify(SOURCE)});
    for (let count = 0; count < 100; count++) writeOutput("stdout", "x".repeat(4095) + "\\n");
    writeOutput("stderr", "written\\n");
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

test("texts that a full pipe does not take are dropped whole, and counted", async () => {
  const path = join(temporaryFolder(), "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  afterTest(() => closeSync(pipe));
  const child = writer(pipe);
  const { value } = await child.stderr.getReader().read();
  expect(Buffer.from(value ?? []).toString()).toBe("written\n");
  const taken = Buffer.alloc(2 * PIPE_OCTETS);
  const octets = readSync(pipe, taken, 0, taken.length, null);
  expect(octets).toBe(PIPE_OCTETS);
  child.stdin.write("go on\n");
  child.stdin.flush();
  expect(await child.exited).toBe(0);
  const rest = Buffer.alloc(PIPE_OCTETS);
  const later = rest.toString("utf8", 0, readSync(pipe, rest, 0, rest.length, null));
  expect(later).toBe("(84 texts before this one were lost: pipe full)\nafter\n");
});

test("a file gets everything, behind what is in it", async () => {
  const path = join(temporaryFolder({ log: "before\n" }), "log");
  const file = openSync(path, "a");
  const child = writer(file);
  closeSync(file);
  child.stdin.write("go on\n");
  child.stdin.flush();
  expect(await child.exited).toBe(0);
  const lines = readFileSync(path, "utf8").split("\n");
  expect([lines.length, lines[0], lines.at(-2)]).toEqual([103, "before", "after"]);
});
