/** A real Crossbar router worker, from the Python peers, in a folder of its own. */

import { resolve } from "node:path";

const CROSSBAR = resolve(import.meta.dir, "../../.venv/bin/crossbar");

const everything = { call: true, register: true, publish: true, subscribe: true };
/** A role that may do everything. */
export const role = (name: string) => ({
  name,
  permissions: [{ uri: "", match: "prefix", allow: everything }],
});

/** Crossbar's configuration: what a proxy vouches for on one socket, anonymous on the other. */
export function crossbarConfig(folder: string): object {
  return {
    version: 2,
    controller: { id: "router1" },
    workers: [
      {
        type: "router",
        realms: [{ name: "realm1", roles: [role("anonymous"), role("user")] }],
        transports: [
          {
            type: "rawsocket",
            endpoint: { type: "unix", path: `${folder}/router.sock` },
            serializers: ["cbor"],
            auth: { "anonymous-proxy": { type: "static" } },
          },
          {
            type: "websocket",
            endpoint: { type: "unix", path: `${folder}/routerws.sock` },
            serializers: ["json"],
          },
        ],
      },
    ],
  };
}

/** Starts Crossbar in `<folder>/.crossbar` and waits until it has booted; `stop` ends it. */
export async function startCrossbar(
  folder: string,
  config: object = crossbarConfig(folder),
): Promise<{ stop(): Promise<void> }> {
  await Bun.write(`${folder}/.crossbar/config.json`, JSON.stringify(config));
  const child = Bun.spawn([CROSSBAR, "start", "--cbdir", `${folder}/.crossbar`], {
    cwd: folder,
    stdout: "pipe",
    stderr: "ignore",
  });
  const booted = Promise.withResolvers<void>();
  const read = async () => {
    let output = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      output += decoder.decode(chunk, { stream: true });
      if (output.includes("NODE_BOOT_COMPLETE")) booted.resolve();
    }
    booted.reject(new Error(`Crossbar ended:\n${output.slice(-1000)}`));
  };
  const reading = read();
  await booted.promise;
  return {
    async stop() {
      child.kill("SIGINT");
      await Promise.all([child.exited, reading]);
    },
  };
}
