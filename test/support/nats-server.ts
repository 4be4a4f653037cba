/** nats-server with JetStream, on loopback, with a folder of its own for what it keeps. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readOutput } from "./read-output.ts";

const PROGRAM = resolve(import.meta.dir, "../../.venv/bin/nats-server");

/** Whether `npm test` has built it. */
export const hasNats = existsSync(PROGRAM);

/** A running server. */
export interface NatsServer {
  readonly pid: number;
  /** Ends it at once, as a crash would. */
  kill(): Promise<unknown>;
}

/** Starts a server; what it keeps is in `folder`, also for the next one. */
export async function startNats(folder: string, port: number, settings = ""): Promise<NatsServer> {
  const config = `
    listen: "127.0.0.1:${port}"
    jetstream { store_dir: ${JSON.stringify(`${folder}/jetstream`)} }
    ${settings}`;
  await Bun.write(`${folder}/nats.conf`, config);
  const child = Bun.spawn([PROGRAM, "-c", `${folder}/nats.conf`], {
    stdout: "ignore",
    stderr: "pipe",
  });
  const ready = Promise.withResolvers<void>();
  void readOutput(child.stderr, (output) => {
    if (output.includes("Server is ready")) ready.resolve();
  }).then((output) => ready.reject(new Error(`nats-server ended:\n${output}`)));
  await ready.promise;
  return {
    pid: child.pid,
    kill() {
      child.kill("SIGKILL");
      return child.exited;
    },
  };
}
