/** The examples of the README, as they stand there but for the port. */

import { afterAll, expect, test } from "bun:test";
import { resolve } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";

const root = resolve(import.meta.dir, "../..");
const readme = await Bun.file(resolve(root, "README.md")).text();
const port = freePort();
const example = (language: string) => {
  const found = new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, "s").exec(readme);
  return (found?.[1] ?? "").replaceAll("8080", String(port));
};

let node: TemporaryNode | undefined;
afterAll(() => node?.stop());

test("the node of your own runs, and the client's call is answered", async () => {
  node = await startNode(temporaryFolder({ "node.json": example("json") }));
  const client = Bun.spawn([process.execPath, "-e", example("js")], {
    cwd: root,
    stdout: "pipe",
    stderr: "inherit",
  });
  expect(await client.stdout.text()).toBe("5\n");
  expect(await client.exited).toBe(0);
});

test("the example that `npm start` runs has no fault and no warning", async () => {
  const { scripts } = await Bun.file(resolve(root, "package.json")).json();
  const command = scripts.start.replace("exec bun src/main.ts", "src/main.ts check").split(" ");
  const check = Bun.spawn([process.execPath, ...command], { cwd: root, stderr: "pipe" });
  expect(await check.stderr.text()).toBe("");
  expect(await check.exited).toBe(0);
});
