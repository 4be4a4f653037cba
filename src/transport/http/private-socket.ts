/**
 * privateSocket: the Unix socket of a transport's Web server, in a temporary folder that only this user
 * can enter.
 *
 *     <temporary folder>/crossproxy-web-<pid>-<random>/web.sock
 *
 * A killed process leaves its folder behind; the next process that starts removes it.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { errorCodeOf } from "#base/failure.ts";
import { usableUnixPath } from "#transport/endpoint/peer-address.ts";
import { hasListener } from "#transport/endpoint/unix-socket-file.ts";

const PREFIX = "crossproxy-web-";
const FOLDER = /^crossproxy-web-(\d+)-[A-Za-z0-9]{6}$/;
const SOCKET = "web.sock";

/** Done once in each process, whose transports start one after the other. */
let removal: Promise<void> | undefined;

/** An address to listen on; `removeFolder` is to be called when the server is closed. */
export async function privateSocket(): Promise<{ unix: string; removeFolder(): void }> {
  removal ??= removeLeftFolders(tmpdir());
  await removal;
  try {
    const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
    const removeFolder = () => rmSync(folder, { recursive: true, force: true });
    return { unix: usableUnixPath(join(folder, SOCKET)), removeFolder };
  } catch {
    // A container image may have no writable folder; an abstract socket needs none.
    return { unix: `\0crossproxy-${randomUUID()}`, removeFolder() {} };
  }
}

/**
 * Removes the folders that ended processes of this user have left. It never touches folders of other
 * users, folders with anything but the socket in them, or sockets on which a process listens: a
 * container has process ids of its own.
 */
export async function removeLeftFolders(parent: string): Promise<void> {
  for (const name of namesIn(parent)) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    await removeLeftFolder(join(parent, name)).catch(() => {
      // Another process removes it, or it belongs to another user: neither matters here.
    });
  }
}

async function removeLeftFolder(folder: string): Promise<void> {
  const entry = lstatSync(folder);
  if (!entry.isDirectory() || entry.uid !== process.getuid?.()) return;
  const socket = join(folder, SOCKET);
  const file = lstatSync(socket, { throwIfNoEntry: false });
  // A folder without a socket may belong to a process in another container that is about to listen.
  if (!file?.isSocket() || (await hasListener(usableUnixPath(socket)))) return;
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

/** Whether a process has this id; one that may not be signalled exists too. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errorCodeOf(thrown) !== "ESRCH";
  }
}
