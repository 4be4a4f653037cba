/** Programs that are killed, and what becomes of the processes that they have started. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { afterTest } from "../../support/cleanups.ts";
import { isRunning, untilEnded } from "../../support/process-end.ts";

/** Starts a shell for each script, in a group of its own, and has all of them watched. */
const PROGRAM = `
import { OrphanWatch } from "#base/orphan-watch.ts";
const watch = new OrphanWatch();
const started = process.argv.slice(1).map((script) => {
  const child = Bun.spawn(["/bin/sh", "-c", script], { detached: true, stdout: "pipe" });
  const release = watch.add(-child.pid, "SIGTERM");
  child.exited.then(release);
  return child;
});
for (const { stdout } of started) await stdout.getReader().read();
console.log(JSON.stringify({ shell: watch.pid, pids: started.map(({ pid }) => pid) }));
process.stdin.on("data", () => {
  console.log(JSON.stringify({ shell: watch.pid, pids: [] }));
});
`;

/** A program that runs until it is killed; `next` asks which shell it has now. */
async function programWith(...scripts: string[]) {
  const child = Bun.spawn([process.execPath, "-e", PROGRAM, ...scripts], {
    cwd: import.meta.dir,
    stdin: "pipe",
    stdout: "pipe",
  });
  afterTest(() => child.kill("SIGKILL"));
  const reader = child.stdout.getReader();
  const next = async (): Promise<{ shell: number; pids: number[] }> =>
    JSON.parse(new TextDecoder().decode((await reader.read()).value));
  const ask = async () => {
    child.stdin.write("?");
    child.stdin.flush();
    return next();
  };
  return { ...(await next()), ask, kill: () => child.kill("SIGKILL") };
}

const DEAF = "trap '' TERM; echo up; while :; do sleep 1; done";

describe("when a program has been killed", () => {
  test("what it has started gets SIGTERM, then SIGKILL, and the shell ends too", async () => {
    const { shell, pids, kill } = await programWith("echo up; exec sleep 600", DEAF);
    const [polite = 0, deaf = 0] = pids;
    kill();
    await untilEnded(polite);
    expect(isRunning(deaf)).toBe(true);
    await untilEnded(deaf, shell);
  }, 20_000);

  test("what is stopped before or afterwards ends as well", async () => {
    const { shell, pids, kill } = await programWith("echo up; exec sleep 600", DEAF);
    const [before = 0, after = 0] = pids;
    process.kill(before, "SIGSTOP");
    kill();
    process.kill(after, "SIGSTOP");
    await untilEnded(before, after, shell);
  }, 20_000);

  test("the shell ends at once where all has ended before", async () => {
    const { shell, kill } = await programWith("echo up");
    kill();
    const at = performance.now();
    await untilEnded(shell);
    expect(performance.now() - at).toBeLessThan(4_500);
  });

  test("another shell has taken the place of one that was killed", async () => {
    const { shell, pids, ask, kill } = await programWith("echo up; exec sleep 600");
    process.kill(shell, "SIGKILL");
    let second = shell;
    while (second === shell) second = (await ask()).shell;
    kill();
    await untilEnded(...pids, second);
  });
});

/** The environment that a process was started with; while the system loads its program, it has none. */
async function environmentOf(pid: number): Promise<string> {
  for (;;) {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
    if (environment !== "") return environment;
    await Bun.sleep(1);
  }
}

test("the shell knows no variable of the program but the search path", async () => {
  const { shell } = await programWith();
  expect(shell).toBeUndefined();
  const watched = await programWith("echo up; exec sleep 600");
  expect(await environmentOf(watched.shell)).toMatch(/^PATH=[^\0]*\0$/);
  watched.kill();
  await untilEnded(...watched.pids, watched.shell);
});
