/** nexusd, a WAMP router in Go, in a folder of its own. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readOutput } from "./read-output.ts";

const NEXUSD = resolve(import.meta.dir, "../../.venv/bin/nexusd");

/** Whether `npm test` has built it. */
export const hasNexus = existsSync(NEXUSD);

/** Starts nexusd with realms for everybody, on two endpoints; `stop` ends it. */
export async function startNexus(
  folder: string,
  port: number,
  realms: readonly string[] = ["realm1"],
): Promise<{ stop(): Promise<unknown> }> {
  const options = { allow_disclose: true, anonymous_auth: true };
  const meta = { enable_meta_kill: true, meta_strict: true };
  const config = {
    websocket: { address: `127.0.0.1:${port}` },
    rawsocket: { unix_address: `${folder}/nexus.sock` },
    router: { realms: realms.map((uri) => ({ uri, ...options, ...meta })) },
  };
  await Bun.write(`${folder}/nexus.json`, JSON.stringify(config));
  const child = Bun.spawn([NEXUSD, "-c", `${folder}/nexus.json`], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const listening = Promise.withResolvers<void>();
  void readOutput(child.stdout, (output) => {
    if ((output.match(/listening/gi) ?? []).length === 2) listening.resolve();
  }).then((output) => listening.reject(new Error(`nexusd ended:\n${output}`)));
  await listening.promise;
  return {
    stop() {
      child.kill();
      return child.exited;
    },
  };
}
