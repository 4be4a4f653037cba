/** A proxy that may open few files. */

import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { afterTest } from "../support/cleanups.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const script = resolve(import.meta.dir, "../support/proxy-process.ts");

test("lets in as many clients as it has pairs of descriptors for, and logs that once", async () => {
  const path = join(temporaryFolder(), "router.sock");
  const router = await scriptedRouter(path);
  const welcomeAll = async (): Promise<never> => {
    const session = await router.session();
    void session.welcome();
    return welcomeAll();
  };
  void welcomeAll();
  const command = `ulimit -n 120; exec "${process.execPath}" "${script}" "${path}"`;
  const proxy = Bun.spawn(["sh", "-c", command], { stdout: "pipe", stderr: "pipe" });
  afterTest(() => proxy.kill());
  const output = proxy.stdout.getReader();
  const url = new TextDecoder().decode((await output.read()).value).trim();
  let joined = 0;
  await Promise.all(
    Array.from({ length: 150 }, () => {
      const socket = new WebSocket(url, ["wamp.2.json"]);
      const { promise, resolve: done } = Promise.withResolvers<void>();
      socket.onopen = () => socket.send('[1,"realm1",{"roles":{"caller":{}}}]');
      socket.onmessage = ({ data }) => {
        if (String(data).startsWith("[2,")) joined += 1;
        done();
      };
      socket.onclose = () => done();
      return promise;
    }),
  );
  proxy.kill();
  const logged = (await new Response(proxy.stderr).text()).trim().split("\n");
  expect(joined).toBeGreaterThan(40);
  expect(joined).toBeLessThan(60);
  expect(logged).toEqual([
    "file descriptors run out",
    "connections refused: not enough file descriptors",
  ]);
}, 20_000);
