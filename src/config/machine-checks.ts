/**
 * Compares a configuration with the machine: folders that are written, and addresses to listen on. They may
 * change until the node starts, and the system decides in the end, so that these are warnings.
 *
 * @module
 */

import { accessSync, constants } from "node:fs";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import { isExecutableFile } from "#base/file-access.ts";
import { isFolder } from "#base/folder-state.ts";
import type { MachineNeed, PlacedNeed } from "./machine-need.ts";
import type { ConfigIssue } from "./text/config-issue.ts";

/** What the checks ask of a machine. */
export interface Machine {
  isFolder: (path: string) => boolean;
  /** Whether this user may write the file, or make files in the folder. */
  canWrite: (path: string) => boolean;
  /** Whether this user may run the file. */
  canRun: (file: string) => boolean;
  addresses: readonly string[];
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  return { isFolder, canWrite, canRun: isExecutableFile, addresses };
}

/** Warnings about the needs that the machine does not meet. */
export function checkMachine(needs: readonly PlacedNeed[], machine: Machine): ConfigIssue[] {
  return needs.flatMap(({ need, place }) => {
    const sentence = unmetBy(machine, need);
    return sentence === null ? [] : [{ ...place, sentence }];
  });
}

function unmetBy(machine: Machine, need: MachineNeed): string | null {
  if (need.kind === "interface") {
    if (hasAddress(machine.addresses, need.address)) return null;
    return `Cannot listen on "${need.address}": this machine has no such address`;
  }
  // `check` asks Python and reads the others; at the start the components and services themselves report it.
  if (need.kind === "python" || need.kind === "archive") return null;
  if (need.kind === "template" || need.kind === "schema") return null;
  if (need.kind === "folder") {
    return machine.isFolder(need.folder) ? null : `Cannot use "${need.folder}": no such folder`;
  }
  if (need.kind === "program") {
    if (need.files.some(machine.canRun)) return null;
    return `Cannot run "${need.name}": this user can run no such file`;
  }
  const { kind, file } = need;
  const state = folderState(machine, dirname(file));
  return state === null ? null : `${ACTIONS[kind]} "${file}": ${state}`;
}

const ACTIONS = {
  socket: "Cannot listen on",
  cookies: "Cannot keep cookies in",
  download: "Cannot download to",
};

function folderState(machine: Machine, folder: string): string | null {
  if (!machine.isFolder(folder)) return "no such folder";
  return machine.canWrite(folder) ? null : "its folder cannot be written by this user";
}

/** Linux has every address of 127.0.0.0/8. */
function hasAddress(addresses: readonly string[], wanted: string): boolean {
  if (wanted === "0.0.0.0" || wanted.startsWith("127.")) return true;
  const name = canonical(wanted);
  const isAny = name === "[::]" || name.startsWith("[::ffff:");
  return isAny || addresses.some((address) => canonical(address) === name);
}

/** One spelling of each address, without the zone of a link-local one. */
function canonical(address: string): string {
  const bare = address.replace(/%.*$/, "");
  return isIP(bare) === 6 ? new URL(`http://[${bare}]`).hostname : bare;
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
