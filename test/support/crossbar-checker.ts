/** Crossbar's own checker of configurations. */

import { resolve } from "node:path";
import { PYTHON } from "./wamp-clients.ts";

/** A process that checks configurations as `crossbar check` and a start do. */
export interface CrossbarChecker {
  /** Why Crossbar refuses a configuration; null when it takes it. */
  refusalOf(config: unknown): Promise<string | null>;
  end(): Promise<void>;
}

/** Starts the process, which takes a few seconds. */
export function startCrossbarChecker(): CrossbarChecker {
  const script = resolve(import.meta.dir, "../python/check_configurations.py");
  const child = Bun.spawn([PYTHON, script], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
  const lines = linesOf(child.stdout);
  return {
    async refusalOf(config) {
      child.stdin.write(`${JSON.stringify(config)}\n`);
      await child.stdin.flush();
      const { value, done } = await lines.next();
      if (done === true) throw new Error("Crossbar's checker ended");
      return JSON.parse(value) as string | null;
    },
    async end() {
      child.stdin.end();
      await child.exited;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
