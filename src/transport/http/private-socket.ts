/**
 * The private Unix socket between a front door and its Web server, in a folder for temporary files
 * that only this user can enter.
 *
 *     <folder for temporary files>/crossproxy-web-<pid>-<random>/web.sock
 *
 * A process that is killed leaves its folder; the next one to start removes it.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { usableUnixPath } from "#transport/endpoint/peer-address.ts";
import { isAnswered } from "#transport/endpoint/unix-socket-file.ts";

const PREFIX = "crossproxy-web-";
const FOLDER = /^crossproxy-web-(\d+)-[A-Za-z0-9]{6}$/;
const SOCKET = "web.sock";

/** Once for each process: its transports start one after the other. */
let sweep: Promise<void> | undefined;

/** An address to listen on; `removeFolder` is for when nobody listens any more. */
export async function privateSocket(): Promise<{ unix: string; removeFolder(): void }> {
  sweep ??= removeLeftFolders(tmpdir());
  await sweep;
  try {
    const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
    const removeFolder = () => rmSync(folder, { recursive: true, force: true });
    return { unix: usableUnixPath(join(folder, SOCKET)), removeFolder };
  } catch {
    // A container image may have no folder that can be written to: an abstract socket needs none.
    return { unix: `\0crossproxy-${randomUUID()}`, removeFolder() {} };
  }
}

/**
 * Removes the folders of this user's processes that are gone. Nothing else is touched: not what
 * another user owns, nor what holds anything but the socket, nor a socket that somebody answers at,
 * which may be of a container with process ids of its own.
 */
export async function removeLeftFolders(parent: string): Promise<void> {
  for (const name of namesIn(parent)) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    await removeLeftFolder(join(parent, name)).catch(() => {
      // Somebody else removes it, or it is none of ours: then it is no business of this start.
    });
  }
}

async function removeLeftFolder(folder: string): Promise<void> {
  const entry = lstatSync(folder);
  if (!entry.isDirectory() || entry.uid !== process.getuid?.()) return;
  const socket = join(folder, SOCKET);
  const file = lstatSync(socket, { throwIfNoEntry: false });
  // A folder without a socket may be of a process of another container that is about to listen.
  if (!file?.isSocket() || (await isAnswered(usableUnixPath(socket)))) return;
  if (readdirSync(folder).length > 1) return;
  unlinkSync(socket);
  rmdirSync(folder);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether there is a process with this id; one that may not be signalled is there. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return !(thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH");
  }
}
