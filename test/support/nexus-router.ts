/** nexusd, a WAMP router in Go, in a folder of its own. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";

const NEXUSD = resolve(import.meta.dir, "../../.venv/bin/nexusd");

/** Whether `npm test` has built it. */
export const hasNexus = existsSync(NEXUSD);

/** Starts nexusd with realm1 for everybody, on two endpoints; `stop` ends it. */
export async function startNexus(
  folder: string,
  port: number,
): Promise<{ stop(): Promise<unknown> }> {
  const config = {
    websocket: { address: `127.0.0.1:${port}` },
    rawsocket: { unix_address: `${folder}/nexus.sock` },
    router: { realms: [{ uri: "realm1", allow_disclose: true, anonymous_auth: true }] },
  };
  await Bun.write(`${folder}/nexus.json`, JSON.stringify(config));
  const child = Bun.spawn([NEXUSD, "-c", `${folder}/nexus.json`], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const listening = Promise.withResolvers<void>();
  void readAll(child.stdout, (output) => {
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

/** Reads on to the end: nexusd is killed when it writes to a pipe that nothing reads. */
async function readAll(
  stream: ReadableStream<Uint8Array>,
  onOutput: (output: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of stream) {
    output += decoder.decode(chunk, { stream: true });
    onOutput(output);
  }
  return output;
}
