/** `npm start`, which has to pass the signals of its own process on to the node. */

import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { isRunning, untilEnded } from "../support/process-end.ts";
import { seedFolder } from "../support/seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROOT = resolve(import.meta.dir, "../..");

test("npm start ends its node when it gets SIGTERM", async () => {
  // As the repository, but for the port of the node.
  const folder = temporaryFolder();
  for (const name of ["package.json", "src", "node_modules", "tsconfig.json"]) {
    symlinkSync(`${ROOT}/${name}`, `${folder}/${name}`);
  }
  mkdirSync(`${folder}/examples`);
  symlinkSync(seedFolder().folder, `${folder}/examples/seed`);
  const npm = Bun.spawn(["npm", "start"], { cwd: folder, stdout: "pipe", stderr: "ignore" });
  afterTest(() => npm.kill("SIGKILL"));
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of npm.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (/^worker +type +pid/m.test(output)) break;
  }
  const controller = Number(/\[Controller +(\d+)\]/.exec(output)?.[1]);
  afterTest(() => isRunning(controller) && process.kill(controller, "SIGKILL"));
  const pids = [...output.matchAll(/worker_pid=(\d+)/g)].map(([, pid]) => Number(pid));
  expect(pids).toHaveLength(3);
  expect(pids.every(isRunning)).toBe(true);
  npm.kill("SIGTERM");
  await npm.exited;
  await untilEnded(controller, ...pids);
}, 30_000);
