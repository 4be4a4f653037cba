/**
 * A drain under load: 2,000 sessions that call steadily, and a node that is asked to end within ten seconds.
 *
 *     npx bun bench/drain.ts [sessions] [seconds]
 *
 * Each client calls a slow procedure, waits a second, and calls again. A call is lost when the node has sent it to the
 * callee, and its caller gets no answer. A call that crosses with GOODBYE does not reach the callee.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { proxiedNodeConfig } from "../test/support/proxied-node.ts";
import { BINARY, freePorts } from "../test/support/temporary-node.ts";
import { encode, type Frame, join } from "./clients.ts";

const sessions = Number(process.argv[2] ?? 2000);
const seconds = Number(process.argv[3] ?? 10);
const ANSWER_MS = 50;
const PAUSE_MS = 1000;

/** Calls by what became of them. */
const counts = { called: 0, performed: 0, answered: 0, refused: 0, lost: 0, crossed: 0 };
/** The calls that the callee has got, by the number in their arguments. */
const performed = new Set<number>();
/** When sessions ended, in seconds after the signal. */
const ends: number[] = [];
let signalledAt = 0;

const read = (frame: Frame) => decodeMessage(Buffer.from(frame), "json");

/** Answers each call after a while. */
async function startCallee(url: string): Promise<void> {
  const callee = await join(url, "json", (frame) => {
    const [type, id, , , args] = read(frame);
    if (type !== 68) return;
    counts.performed += 1;
    performed.add((args as number[])[0] ?? 0);
    setTimeout(() => callee.send(encode([70, id, {}], "json")), ANSWER_MS);
  });
  callee.onclose = () => {};
  callee.send(encode([64, 1, {}, "com.example.slow"], "json"));
}

/** Calls until its session ends. */
async function startCaller(url: string): Promise<{ ended: Promise<void> }> {
  const ended = Promise.withResolvers<void>();
  let request = 0;
  let waiting: number | undefined;
  let timer: Timer;
  const end = () => {
    clearTimeout(timer);
    ends.push((performance.now() - signalledAt) / 1000);
    if (waiting !== undefined) counts[performed.has(waiting) ? "lost" : "crossed"] += 1;
    ended.resolve();
  };
  const caller = await join(url, "json", (frame) => {
    const [type] = read(frame);
    if (type === 6) {
      end();
      caller.onclose = () => {};
      caller.send(encode([6, {}, "wamp.close.goodbye_and_out"], "json"));
      return;
    }
    if (type === 50) counts.answered += 1;
    else counts.refused += 1;
    waiting = undefined;
    timer = setTimeout(call, PAUSE_MS);
  });
  const call = () => {
    waiting = ++counts.called;
    caller.send(encode([48, ++request, {}, "com.example.slow", [waiting]], "json"));
  };
  caller.onclose = end;
  timer = setTimeout(call, Math.random() * PAUSE_MS);
  return { ended: ended.promise };
}

const [proxyPort = 0, routerPort = 0] = freePorts(2);
const folder = mkdtempSync(joinPath(tmpdir(), "crossproxy-"));
const options = { lame_duck_duration: seconds };
const config = { ...proxiedNodeConfig({ proxyPort, routerPort }), controller: { options } };
writeFileSync(joinPath(folder, "node.json"), JSON.stringify(config));
const node = Bun.spawn([BINARY, "--loglevel", "warn", "node.json"], {
  cwd: folder,
  stdout: "pipe",
  stderr: "inherit",
});
for await (const chunk of node.stdout) if (Buffer.from(chunk).includes("listens on")) break;
await startCallee(`ws://127.0.0.1:${routerPort}/`);
const callers: { ended: Promise<void> }[] = [];
for (let count = 0; count < sessions; count++) {
  callers.push(await startCaller(`ws://127.0.0.1:${proxyPort}/`));
}
await Bun.sleep(3 * PAUSE_MS);
signalledAt = performance.now();
node.kill("SIGTERM");
await Promise.all(callers.map(({ ended }) => ended));
const exitCode = await node.exited;
const endedAfter = (performance.now() - signalledAt) / 1000;
ends.sort((one, other) => one - other);
const perSecond = Array.from(
  { length: Math.ceil(endedAfter) },
  (_, second) => ends.filter((at) => Math.floor(at) === second).length,
);
console.log(JSON.stringify({ sessions, seconds, ...counts, perSecond, endedAfter, exitCode }));
rmSync(folder, { recursive: true });
process.exit(counts.lost === 0 ? 0 : 1);
