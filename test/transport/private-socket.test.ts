/** Folders that killed processes left: which of them the next start removes. */

import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { removeLeftFolders } from "#transport/http/private-socket.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let parent: string;
beforeEach(() => {
  parent = temporaryFolder();
});

/** The id of a process that has just ended. */
const deadPid = () => Bun.spawnSync(["true"]).pid;

/** A folder of that process with a socket at which nobody answers any more. */
async function leftBy(pid: number): Promise<string> {
  const folder = join(parent, `crossproxy-web-${pid}-abcdef`);
  mkdirSync(folder);
  // A process that is killed is the one thing that leaves a socket file behind.
  const path = JSON.stringify(join(folder, "web.sock"));
  const script = `Bun.listen({ unix: ${path}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`;
  await Bun.spawn([process.execPath, "-e", script]).exited;
  expect(existsSync(join(folder, "web.sock"))).toBe(true);
  return folder;
}

describe("removeLeftFolders", () => {
  test("removes what a process that is gone has left", async () => {
    const folder = await leftBy(deadPid());
    await removeLeftFolders(parent);
    expect(existsSync(folder)).toBe(false);
  });

  test("leaves what a process has that is there", async () => {
    const folder = await leftBy(process.pid);
    await removeLeftFolders(parent);
    expect(existsSync(folder)).toBe(true);
  });

  test("leaves a socket that somebody answers at", async () => {
    const folder = join(parent, `crossproxy-web-${deadPid()}-abcdef`);
    mkdirSync(folder);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, "web.sock"), resolve));
    await removeLeftFolders(parent);
    expect(existsSync(join(folder, "web.sock"))).toBe(true);
    server.close();
  });

  test("leaves folders with anything else in them, without a socket, and links", async () => {
    const pid = deadPid();
    const more = await leftBy(pid);
    writeFileSync(join(more, "notes.txt"), "mine");
    const empty = join(parent, `crossproxy-web-${pid}-empty0`);
    mkdirSync(empty);
    const link = join(parent, `crossproxy-web-${pid}-link00`);
    symlinkSync(more, link);
    const foreign = join(parent, "crossproxy-abcdef");
    mkdirSync(foreign);
    await removeLeftFolders(parent);
    for (const one of [join(more, "web.sock"), join(more, "notes.txt"), empty, link, foreign]) {
      expect(existsSync(one)).toBe(true);
    }
  });

  test.skipIf(process.getuid?.() !== 0)("leaves what another user owns", async () => {
    const folder = await leftBy(deadPid());
    Bun.spawnSync(["chown", "65534", folder]);
    await removeLeftFolders(parent);
    expect(existsSync(folder)).toBe(true);
  });

  test("does not mind a folder that there is not", async () => {
    await removeLeftFolders(join(parent, "nowhere"));
    expect(existsSync(parent)).toBe(true);
  });
});
