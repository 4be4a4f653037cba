import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { NodeCommand } from "#node/command-message.ts";
import { askNode, takeCommands } from "#node/command-socket.ts";
import { afterTest } from "../../support/cleanups.ts";
import { keptLog } from "../../support/kept-log.ts";
import { quiet } from "../../support/quiet-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const command = { command: "reload", isForced: true } as const;
const done = async (asked: NodeCommand) => ({
  isDone: asked.command === "reload" ? asked.isForced : true,
  text: asked.command === "reload" ? "a\nb" : JSON.stringify(asked),
});

test("asks the node of a folder, which no other user can", async () => {
  const folder = temporaryFolder();
  await takeCommands(folder, done, quiet);
  expect(await askNode(folder, command)).toEqual({ isDone: true, text: "a\nb" });
  expect(await askNode(folder, { ...command, isForced: false })).toMatchObject({ isDone: false });
  expect(statSync(join(folder, ".node.sock")).mode & 0o777).toBe(0o600);
});

test("gets a long answer whole, and none that is too long to be one", async () => {
  const folder = temporaryFolder();
  const ofLength = async (length: number) => ({ isDone: true, text: "x".repeat(length) });
  const first = await takeCommands(folder, () => ofLength(900_000), quiet);
  expect((await askNode(folder, command)).text).toHaveLength(900_000);
  first?.close();
  await takeCommands(folder, () => ofLength(1_100_000), quiet);
  await expect(askNode(folder, command)).rejects.toThrow("its answer cannot be read");
});

test.each<[NodeCommand, string]>([
  [{ command: "backend", connection: "conn1", address: null, isDown: true }, "mark a backend of"],
  [{ command: "status" }, "ask"],
])("asks for %j, or says that it cannot", async (asked, what) => {
  const folder = temporaryFolder();
  await expect(askNode(folder, asked)).rejects.toThrow(`Cannot ${what} the node in "${folder}": `);
  await takeCommands(folder, done, quiet);
  expect(await askNode(folder, asked)).toEqual({ isDone: true, text: JSON.stringify(asked) });
});

test("says that no node runs in a folder", async () => {
  const folder = temporaryFolder();
  await expect(askNode(folder, command)).rejects.toThrow(
    `Cannot reload the node in "${folder}": no node runs there that takes commands`,
  );
});

test("says that the node has ended before it answered", async () => {
  const folder = temporaryFolder();
  const server = createServer((socket) => socket.end()).listen(join(folder, ".node.sock"));
  afterTest(() => void server.close());
  await expect(askNode(folder, command)).rejects.toThrow("it ended before it answered");
});

test("replaces the socket of a node that was killed, but not of one that runs", async () => {
  const folder = temporaryFolder();
  const killed = Bun.spawnSync([
    process.execPath,
    "-e",
    `Bun.listen({ unix: ${JSON.stringify(join(folder, ".node.sock"))}, socket: { data() {} } });
     process.kill(process.pid, "SIGKILL");`,
  ]);
  expect(killed.signalCode).toBe("SIGKILL");
  await takeCommands(folder, done, quiet);
  const { log, logged } = keptLog("info");
  await takeCommands(folder, async () => ({ isDone: false, text: "" }), log);
  expect(logged.map(([message]) => message)).toEqual(["no commands are taken"]);
  expect(await askNode(folder, command)).toMatchObject({ isDone: true });
});

test("a node runs without where there is no such folder, or its name is too long", async () => {
  const folder = temporaryFolder();
  const { log, logged } = keptLog("info");
  await takeCommands(join(folder, "missing"), done, log);
  await takeCommands(join(folder, "long".repeat(30)), done, log);
  expect(logged).toHaveLength(2);
});
