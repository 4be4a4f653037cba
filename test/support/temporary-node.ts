/** A node of the built binary in a folder of its own, with the configuration that a test wants. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { afterTest } from "./cleanups.ts";

export const BINARY = resolve(import.meta.dir, "../../dist/crossproxy");

/** Builds the executable where `bun test` runs alone; `npm test` has built the present one. */
export function buildMissingBinary(): void {
  if (existsSync(BINARY)) return;
  const script = resolve(import.meta.dir, "../../scripts/build-binary.ts");
  const built = Bun.spawnSync([process.execPath, script]);
  if (built.exitCode !== 0) throw new Error(`Cannot build ${BINARY}: ${built.stderr}`);
}

/** The system may choose a port again as soon as it is free. */
const chosenPorts = new Set<number>();

/** A port that was free a moment ago, and that no test of this process has been given. */
export function freePort(): number {
  for (;;) {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { port } = listener;
    listener.stop(true);
    if (chosenPorts.has(port)) continue;
    chosenPorts.add(port);
    return port;
  }
}

/** Several such ports. */
export function freePorts(count: number): number[] {
  return Array.from({ length: count }, freePort);
}

/** A running node; `stop` ends it. */
export interface TemporaryNode {
  folder: string;
  pid: number;
  /** All that it wrote to standard output and standard error so far. */
  output(): string;
  /** Resolves once it has written something like this behind the first so many characters. */
  untilOutput(wanted: RegExp, from?: number): Promise<void>;
  /** Resolves with the exit code. */
  exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<number>;
}

/** Starts `crossproxy node.json` in the folder and waits until it has printed its table. */
export async function startNode(folder: string, ...args: string[]): Promise<TemporaryNode> {
  return await startNodeOf("node.json", folder, ...args);
}

/** The same with another file, relative to the folder. */
export async function startNodeOf(
  file: string,
  folder: string,
  ...args: string[]
): Promise<TemporaryNode> {
  return await startCommand([BINARY, file, ...args], folder);
}

/** Starts `crossproxy node.json` as the last arguments of another command. */
export async function startNodeWithin(command: string[], folder: string): Promise<TemporaryNode> {
  return await startCommand([...command, BINARY, "node.json"], folder);
}

async function startCommand(command: string[], folder: string): Promise<TemporaryNode> {
  buildMissingBinary();
  // One pipe for both outputs: a test reads what the node wrote in the order in which it was written.
  const child = Bun.spawn(["/bin/sh", "-c", 'exec "$0" "$@" 2>&1', ...command], {
    cwd: folder,
    // Without it, variables that a test has set would be left out.
    env: process.env,
    stdout: "pipe",
    stderr: "ignore",
  });
  let output = "";
  const ready = Promise.withResolvers<void>();
  const wakes: (() => void)[] = [];
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      output += decoder.decode(chunk, { stream: true });
      if (isReady(output)) ready.resolve();
      for (const wake of wakes.splice(0)) wake();
    }
  };
  const reading = read();
  const exited = child.exited.then(async (code) => {
    await reading;
    ready.reject(new Error(`the node exited with ${code}:\n${output}`));
    return code;
  });
  await ready.promise;
  return {
    folder,
    pid: child.pid,
    output: () => output,
    async untilOutput(wanted, from = 0) {
      while (!wanted.test(output.slice(from))) {
        await new Promise<void>((resolve) => wakes.push(resolve));
      }
    },
    exited,
    kill: (signal) => child.kill(signal),
    async stop() {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

/** The pids of the workers, by the table that the node printed. */
export function workerPids(output: string): Record<string, number> {
  const rows = output.matchAll(/^\s*(\S+)\s+(?:router|proxy|websocket-testee)\s+(\d+)/gm);
  return Object.fromEntries([...rows].map(([, id, pid]) => [id, Number(pid)]));
}

/** Starts it for one test, at the end of which it is stopped. */
export async function nodeForTest(folder: string, ...args: string[]): Promise<TemporaryNode> {
  const node = await startNode(folder, ...args);
  afterTest(() => node.stop());
  return node;
}

/** The table is written at once, so its head tells that the node is ready. */
function isReady(output: string): boolean {
  return /^worker +type +pid +listens on\n|"event":"node started"/m.test(output);
}
