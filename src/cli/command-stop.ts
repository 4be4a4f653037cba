/**
 * `crossproxy stop`: ends the node that runs in a folder.
 *
 *     SIGTERM       the node tells its clients and ends
 *     after a time  SIGTERM again: it ends at once
 *     5 s later     SIGKILL
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import { loadNodeConfig } from "#config/load.ts";
import { takesCommands } from "#node/command-socket.ts";
import { isStillRunning, type NodePid, runningNode } from "#node/node-pid.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, chooseNodeFolder, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";

/** Which node is ended, and how long its clients have. */
export interface StopChoice extends ConfigFileChoice {
  /** Seconds; absent: more than all workers of a node need, and a drain of its clients. */
  timeout?: number | undefined;
}

const TIMEOUT_SECONDS = 30;

/** Seconds to an end that was asked for a second time. */
const LAST_SECONDS = 5;

/** The system tells nothing of the end of a process that is no child. */
const LOOK_AGAIN_MS = 20;

/**
 * Ends the node, and waits for its end; returns the exit code.
 *
 * @throws Failure when the node is another user's, has no file that names its process, or does not end.
 */
export async function stopCommand(choice: StopChoice): Promise<number> {
  const folder = chooseNodeFolder(choice);
  const node = runningNode(folder);
  if (node === null) {
    if (await takesCommands(folder)) {
      const state = "it has no node.pid, so that its process id is not known";
      throw new Failure(`Cannot stop the node in "${folder}": ${state}`, { source: "internal" });
    }
    writeCompletely("stderr", `No node is running in "${folder}"\n`);
    return ExitCode.unavailable;
  }
  const steps = [
    ["SIGTERM", choice.timeout ?? TIMEOUT_SECONDS + (await drainSeconds(choice))],
    ["SIGTERM", LAST_SECONDS],
    ["SIGKILL", LAST_SECONDS],
  ] as const;
  for (const [signal, seconds] of steps) {
    send(node, signal);
    say(`${signal} sent to process ${node.pid}, which has ${seconds} s to end`);
    if (await hasEndedWithin(folder, node, seconds)) {
      say(`The node in "${folder}" has ended`);
      return ExitCode.clean;
    }
  }
  throw failure(node, "it does not end");
}

/** How long the clients of the node may take to leave, as its configuration says; 0 where that cannot be read. */
async function drainSeconds(choice: StopChoice): Promise<number> {
  try {
    const { file, folder } = requireConfigFile(choice);
    const { config } = await loadNodeConfig(file, process.env, folder);
    const { shutdownDelayMs = 0, lameDuckMs = 0 } = config?.controller ?? {};
    // Routers begin when the proxies have ended.
    return (shutdownDelayMs + 2 * lameDuckMs) / 1000;
  } catch (thrown) {
    if (thrown instanceof Failure) return 0;
    throw thrown;
  }
}

function send(node: NodePid, signal: NodeJS.Signals): void {
  try {
    process.kill(node.pid, signal);
  } catch (thrown) {
    // It has ended meanwhile.
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH")
      throw failure(node, fileStateOf(thrown));
  }
}

async function hasEndedWithin(folder: string, node: NodePid, seconds: number): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  while (isStillRunning(folder, node)) {
    if (performance.now() > end) return false;
    await Bun.sleep(LOOK_AGAIN_MS);
  }
  return true;
}

function failure({ pid }: NodePid, state: string): Failure {
  return new Failure(`Cannot stop process ${pid}: ${state}`, { source: "internal" });
}

function say(sentence: string): void {
  writeCompletely("stdout", `${sentence}\n`);
}
