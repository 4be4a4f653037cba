/**
 * node.pid: names the process of the node that runs in a folder, so that no second one is started there, and other
 * commands find the first.
 *
 *     {"pid": 4711, "argv": ["crossproxy", "start"], "options": {"loglevel": "info", …}, "start_time": 123456}
 *
 * The file is Crossbar's; `start_time` is added. It is the time of the process in `/proc/PID/stat`, and tells the node
 * from another process that has got its id. The file of a node that was killed stays, and is replaced; meanwhile the
 * folder is locked, so that of two starts in the same moment one finds the other.
 *
 * @module
 */

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCodeOf, Failure } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import { whileLocked } from "#base/folder-lock.ts";
import { isRecord } from "#base/record.ts";

/** What the file says of the node. */
export interface NodePid {
  pid: number;
  /** The command line. */
  argv: readonly string[];
  /** The options of the command line, as Crossbar names them. */
  options: Readonly<Record<string, unknown>>;
}

/** The node that runs in a folder; null: none does. */
export function runningNode(folder: string): NodePid | null {
  const entry = readEntry(fileIn(folder));
  return entry !== null && isRunning(entry) ? entry : null;
}

/** Whether a process is still the one of this file. */
export function isStillRunning(folder: string, { pid }: NodePid): boolean {
  return runningNode(folder)?.pid === pid;
}

/**
 * Makes this process the node of a folder, until it exits.
 *
 * @returns a sentence where the file cannot be written, as in a container; then a second node is not noticed.
 * @throws Failure when another node runs there.
 */
export function claimFolder(folder: string, node: Omit<NodePid, "pid">): string | null {
  return whileLocked(folder, () => claim(folder, node));
}

function claim(folder: string, node: Omit<NodePid, "pid">): string | null {
  const file = fileIn(folder);
  const running = runningNode(folder);
  if (running !== null) {
    const state = `one is running there already, with process id ${running.pid}`;
    throw new Failure(`Cannot start a node in "${folder}": ${state}`, { source: "internal" });
  }
  try {
    rmSync(file, { force: true });
    writeFileSync(file, textOf(node), { flag: "wx", mode: 0o644 });
  } catch (thrown) {
    // Another one was started at the same moment.
    if (errorCodeOf(thrown) === "EEXIST") return claim(folder, node);
    removePart(file);
    return `Cannot write "${file}": ${fileStateOf(thrown)}; a second node in this folder is not noticed`;
  }
  process.on("exit", () => release(folder));
  return null;
}

/**
 * Makes this process the node of a folder in place of the one that runs there, until it exits.
 *
 * @returns a sentence where the file cannot be written.
 */
export function takeFolder(folder: string, node: Omit<NodePid, "pid">): string | null {
  const file = fileIn(folder);
  try {
    writeFileSync(`${file}.new`, textOf(node), { mode: 0o644 });
    renameSync(`${file}.new`, file);
  } catch (thrown) {
    removePart(`${file}.new`);
    return `Cannot write "${file}": ${fileStateOf(thrown)}; a second node in this folder is not noticed`;
  }
  process.on("exit", () => release(folder));
  return null;
}

/** On a disk that is full there is a file without its text. */
function removePart(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Nothing can be removed there either.
  }
}

/** Removes the file, unless it is that of another process by now. */
function release(folder: string): void {
  const file = fileIn(folder);
  if (readEntry(file)?.pid === process.pid) rmSync(file, { force: true });
}

function fileIn(folder: string): string {
  return join(folder, "node.pid");
}

/** As Crossbar prints it. */
function textOf({ argv, options }: Omit<NodePid, "pid">): string {
  const start_time = processFacts(process.pid)?.startTime;
  return `${JSON.stringify({ pid: process.pid, argv, options, start_time }, null, 4)}\n`;
}

interface Entry extends NodePid {
  startTime: number | undefined;
}

/** What a file says; null: there is none, or it is none of a node. */
function readEntry(file: string): Entry | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isRecord(value)) return null;
    const { pid, argv, options, start_time } = value;
    if (!Number.isSafeInteger(pid) || Number(pid) <= 0) return null;
    return {
      pid: Number(pid),
      argv: Array.isArray(argv) ? argv.map(String) : [],
      options: isRecord(options) ? options : {},
      startTime: typeof start_time === "number" ? start_time : undefined,
    };
  } catch {
    return null;
  }
}

function isRunning({ pid, startTime }: Entry): boolean {
  // In a container each start has the same id.
  if (pid === process.pid || !exists(pid)) return false;
  const facts = processFacts(pid);
  // Without /proc, and for a process that it hides, the id alone counts.
  if (facts === null) return true;
  if (facts.hasEnded) return false;
  return startTime === undefined ? isNode(pid) : facts.startTime === startTime;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // A process of another user.
    return errorCodeOf(thrown) === "EPERM";
  }
}

interface ProcessFacts {
  /** It waits for its parent. */
  hasEnded: boolean;
  /** In ticks since the machine was started. */
  startTime: number;
}

function processFacts(pid: number): ProcessFacts | null {
  const stat = readOfProcess(pid, "stat");
  // The name of the program, in parentheses, may have spaces and parentheses in it.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined) return null;
  return { hasEnded: fields[0] === "Z" || fields[0] === "X", startTime: Number(fields[19]) };
}

/** Of a file without a start time, which Crossbar has written: whether the process is one of Crossbar. */
function isNode(pid: number): boolean {
  return readOfProcess(pid, "cmdline")?.includes("crossbar") ?? true;
}

function readOfProcess(pid: number, name: "stat" | "cmdline"): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return null;
  }
}
