/**
 * Processes of fronts: a free port, a program started in a folder of its own, and its child processes.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The executable of nginx; null: it is not installed. */
export const nginx = Bun.which("nginx", { PATH: `${process.env["PATH"]}:/usr/sbin` });

/** What each nginx is started with, in its folder, where nginx.conf is. */
export const nginxCommand = (folder: string): string[] => [
  nginx ?? "nginx",
  ...["-e", "stderr", "-p", folder, "-c", "nginx.conf"],
];

const START_DEADLINE_MS = 30_000;

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

/** Starts a program in a folder, which is removed once it has stopped. */
export async function startProcess(
  command: string[],
  folder: string,
  port: number,
  isReady: () => Promise<boolean>,
): Promise<{ pid: number; stop(): Promise<void> }> {
  const child = Bun.spawn(command, {
    cwd: folder,
    stdout: Bun.file(join(folder, "log")),
    stderr: Bun.file(join(folder, "log")),
  });
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!(await isReady())) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill("SIGKILL");
      const log = readFileSync(join(folder, "log"), "utf8");
      throw new Error(`Cannot start "${command.join(" ")}" on port ${port}:\n${log}`);
    }
    await Bun.sleep(20);
  }
  return {
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await child.exited;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether a TCP port of this machine takes connections. */
export async function listens(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { data() {} },
    });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

/** All child processes of a process, and their children. */
export function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children
    .split(" ")
    .filter(Boolean)
    .flatMap((child) => [Number(child), ...descendants(Number(child))]);
}

/** A new empty folder. */
export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), "crossproxy-bench-"));
}

/** The first line that a child process prints. */
export async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot read the port of a child process: it printed "${text}"`);
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return text.trim();
}
