/** A process that has no file descriptor left, or hardly any: what it says of a router that it cannot connect to. */

import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { afterTest } from "../../../support/cleanups.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const SOURCES = resolve(import.meta.dir, "../../../../src/transport/endpoint");

/**
 * Opens as many files as it may but so many, then connects to a router that listens, and prints why that fails;
 * nothing if it does not.
 */
const script = (path: string, left: number, isLimitKnown: boolean) => `
  const { closeSync, openSync } = await import("node:fs");
  const { failureOf } = await import("${SOURCES}/connect.ts");
  const { maxDescriptors, shortageOfDescriptors } = await import("${SOURCES}/descriptors.ts");
  const endpoint = { type: "unix", path: ${JSON.stringify(path)} };
  const connect = () => Bun.connect({ unix: endpoint.path, socket: { data() {} } });
  (await connect()).end();
  if (${isLimitKnown}) maxDescriptors();
  const opened = [];
  try {
    for (;;) opened.push(openSync("/dev/null", "r"));
  } catch {}
  for (const one of opened.splice(0, ${left})) closeSync(one);
  const said = await connect().then(() => shortageOfDescriptors() ?? "", (thrown) => failureOf(endpoint, thrown).message);
  for (const one of opened) closeSync(one);
  console.log(said);
  process.exit();`;

async function saidWith(left: number, isLimitKnown = true): Promise<string> {
  const path = join(temporaryFolder(), "router.sock");
  const router = Bun.listen({ unix: path, socket: { data() {} } });
  afterTest(() => router.stop(true));
  const command = 'ulimit -n 60; exec "$0" -e "$1"';
  const child = Bun.spawn(
    ["sh", "-c", command, process.execPath, script(path, left, isLimitKnown)],
    { stderr: "inherit" },
  );
  return (await child.stdout.text()).trim().replace(path, "PATH");
}

test("it is the descriptors that are to blame, and not the router", async () => {
  const sentence =
    'Cannot connect to router at "unix PATH": this process has no file descriptor left';
  expect(await saidWith(0)).toBe(`${sentence} of the 60 that it may open`);
  expect(await saidWith(0, false)).toBe(sentence);
});

test("also where some were free again when it was asked", async () => {
  expect(await saidWith(3)).toMatch(/^this process has 5\d file descriptors open of the 60 that/);
});

test("but not where there are more", async () => {
  expect(await saidWith(20)).toBe("");
});
