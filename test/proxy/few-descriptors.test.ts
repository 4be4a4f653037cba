/** A proxy that may open few files. */

import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { scriptedRouter } from "../support/scripted-router.ts";

const script = resolve(import.meta.dir, "../support/proxy-process.ts");
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("lets in as many clients as it has pairs of descriptors for, and logs that once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "few-descriptors-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "router.sock");
  const router = await scriptedRouter(path);
  cleanups.push(() => router.close());
  const welcomeAll = async (): Promise<never> => {
    const session = await router.session();
    void session.welcome();
    return welcomeAll();
  };
  void welcomeAll();
  const command = `ulimit -n 120; exec "${process.execPath}" "${script}" "${path}"`;
  const proxy = Bun.spawn(["sh", "-c", command], { stdout: "pipe", stderr: "pipe" });
  cleanups.push(() => proxy.kill());
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
  expect(logged).toEqual(["connections refused: not enough file descriptors"]);
}, 20_000);
