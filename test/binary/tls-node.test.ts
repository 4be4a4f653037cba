/** TLS of a node of the built binary: what keeps it from starting, and SIGHUP. */

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  hasOpenssl,
  replaceCertificate,
  selfSigned,
  shown,
  trusting,
} from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, buildMissingBinary, freePort, startNode } from "../support/temporary-node.ts";

/** A node whose one worker is a router with TLS. */
function folderOf(port: number): string {
  const transport = {
    type: "websocket",
    endpoint: { type: "tcp", port, tls: { key: "now.key", certificate: "now.pem" } },
    auth: { anonymous: { type: "static", role: "user" } },
  };
  const permissions = [{ uri: "*", allow: { subscribe: true } }];
  const realms = [{ name: "realm1", roles: [{ name: "user", permissions }] }];
  const workers = [{ type: "router", realms, transports: [transport] }];
  return temporaryFolder({ "node.json": { version: 2, workers } });
}

/** Waits until something is so, at most as long as the test may take. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await Bun.sleep(5);
}

describe.skipIf(!hasOpenssl)("a node with TLS", () => {
  test("shows another certificate after SIGHUP, and its session goes on", async () => {
    const port = freePort();
    const folder = folderOf(port);
    const now = selfSigned(folder, "now");
    const node = await startNode(folder);
    afterTest(() => node.kill("SIGKILL"));
    const options = { protocols: ["wamp.2.json"], tls: trusting(now) };
    const client = new WebSocket(`wss://127.0.0.1:${port}/`, options);
    afterTest(() => client.terminate());
    let told = Promise.withResolvers<unknown[]>();
    const says = (message: unknown[]) => {
      told = Promise.withResolvers();
      client.send(JSON.stringify(message));
      return told.promise;
    };
    client.onmessage = ({ data }) => told.resolve(JSON.parse(String(data)));
    client.onclose = ({ reason }) => told.reject(new Error(`closed: ${reason}`));
    await new Promise((resolve, reject) => {
      client.onopen = resolve;
      client.onerror = reject;
    });
    expect((await says([1, "realm1", { roles: { subscriber: {} } }]))[0]).toBe(2);

    replaceCertificate(now, selfSigned(folder, "later"));
    node.kill("SIGHUP");
    await until(() => node.output().includes("certificate renewed"));
    expect((await shown(port)).name).toBe("later");
    expect((await says([32, 1, {}, "a.b"]))[0]).toBe(33);

    writeFileSync(now.key, "broken");
    node.kill("SIGHUP");
    await until(() => node.output().includes("configuration not reloaded"));
    expect((await shown(port)).name).toBe("later");
    expect((await says([32, 2, {}, "a.c"]))[0]).toBe(33);
    node.kill("SIGTERM");
    expect(await node.exited).toBe(0);
  });

  test("does not start with a key that does not fit: exit code 78, with the place", async () => {
    buildMissingBinary();
    const folder = folderOf(freePort());
    const now = selfSigned(folder, "now");
    replaceCertificate(
      { ...now, certificate: join(folder, "unused.pem") },
      selfSigned(folder, "b"),
    );
    for (const [words, exitCode] of [
      [["node.json"], 78],
      [["check", "node.json"], 1],
    ] as const) {
      const child = Bun.spawn([BINARY, ...words], { cwd: folder, stderr: "pipe" });
      expect(await child.exited).toBe(exitCode);
      expect(await new Response(child.stderr).text()).toMatch(
        /^node\.json:\d+:\d+ {2}\$\.workers\[0\]\.transports\[0\]\.endpoint\.tls\.key: Cannot use private key "\S+now\.key": it does not fit certificate "\S+now\.pem"\n1 problem in node\.json\n$/,
      );
    }
  });
});
