/**
 * The process that listens on a TCP port, and whether it has lost the one that started it, as /proc tells it on Linux.
 *
 * @module
 */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The state of a listening socket in /proc/net/tcp. */
const LISTENING = "0A";

/** The id of a process that listens on the port; null where there is none, or it is of a user who may not be looked at. */
export function processListeningOn(port: number): number | null {
  const sockets = new Set(listeningSockets(port).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return null;
  const pids = namesIn("/proc").map(Number).filter(Number.isInteger);
  return pids.find((pid) => hasSocket(pid, sockets)) ?? null;
}

/** Whether the process that has started this one has ended, and was the same program. */
export function isOrphan(pid: number): boolean {
  const [state = ""] = linesOf(`/proc/${pid}/stat`);
  // The name of the process, in parentheses, may have spaces.
  const [, parent = ""] = state.slice(state.lastIndexOf(")") + 2).split(" ");
  return parent !== "" && targetOf(`/proc/${parent}/exe`) !== targetOf(`/proc/${pid}/exe`);
}

/** The inodes of the sockets that listen on the port, over either IP version. */
function listeningSockets(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) =>
    linesOf(table).flatMap((line) => {
      // The number of the row, the local address, that of the other side, the state; the tenth is the inode.
      const [, address = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      return state === LISTENING && address.endsWith(suffix) ? [inode] : [];
    }),
  );
}

function hasSocket(pid: number, sockets: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  return namesIn(folder).some((descriptor) => sockets.has(targetOf(`${folder}/${descriptor}`)));
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    // Another system than Linux.
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A process that has ended, or of another user.
    return [];
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // Closed meanwhile.
    return "";
  }
}
