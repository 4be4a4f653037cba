/**
 * `bun bench/longest-turns.ts [octets] [websocket]`: how long one client with long messages holds up the others. For
 * each serializer of the router and of the publisher, and several kinds of content, it publishes through a proxy to
 * subscribers of all serializers, and prints the longest turns of the event loops of both workers, in
 * milliseconds of CPU time (turn-times.ts). The proxy reaches the router over RawSocket, or over WebSocket.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { SERIALIZER_NAMES, type SerializerName } from "#wamp/serializer-name.ts";
import { transcoderFor } from "#wamp/transcode/transcoder.ts";
import { proxiedNodeConfig } from "../test/support/proxied-node.ts";
import { ScriptedClient } from "../test/support/scripted-client.ts";
import { freePort, workerPids } from "../test/support/temporary-node.ts";

const BINARY = join(import.meta.dir, "../dist/crossproxy");
const octets = Number(process.argv[2] ?? 15_000_000);
const type = process.argv[3] === "websocket" ? "websocket" : "rawsocket";
/** No message may be longer, in any serializer. */
const MAX_OCTETS = 16_000_000;

const list = (item: string) =>
  `[${Array(Math.floor(octets / (item.length + 1)))
    .fill(item)
    .join()}]`;

/** The argument of an event, as JSON. */
const contents: Record<string, string> = {
  text: `"${"x".repeat(octets)}"`,
  escapes: `"${"\\u00e9\\n".repeat(octets / 8)}"`,
  floats: list("0.12345678901234567"),
  "1,200 digits": list("9".repeat(1200)),
  maps: list('{"id":123,"name":"abc","ok":true}'),
};

/** Starts the node; gives the processes of its workers, and what ends it. */
async function start(folder: string, serializer: SerializerName, proxyPort: number) {
  const ports = { proxyPort, routerPort: freePort() };
  const configuration = proxiedNodeConfig(ports, { type, serializer });
  await Bun.write(join(folder, "node.json"), JSON.stringify(configuration));
  const preload = `--preload=${join(import.meta.dir, "turn-times.ts")}`;
  const node = Bun.spawn([BINARY, "node.json"], {
    cwd: folder,
    env: { ...process.env, BUN_OPTIONS: preload, TURN_TIMES: folder },
    stdout: "pipe",
    stderr: "ignore",
  });
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of node.stdout.values({ preventCancel: true })) {
    output += decoder.decode(chunk, { stream: true });
    if (Object.keys(workerPids(output)).length === 2) break;
  }
  const stop = () => {
    node.kill();
    return node.exited;
  };
  return { pids: workerPids(output), stop };
}

async function joined(port: number, serializer: SerializerName): Promise<ScriptedClient> {
  const client = await ScriptedClient.open(`ws://127.0.0.1:${port}/`, serializer);
  client.says([1, "realm1", { roles: { publisher: {}, subscriber: {} } }]);
  if ((await client.next())?.[0] !== 2) throw new Error("a client could not join");
  return client;
}

/** A PUBLISH of a long event that its publisher receives, too; undefined: the serializer has none so long. */
function publication(content: string, serializer: SerializerName): Uint8Array | undefined {
  const json = Buffer.from(`[16,1,{},"a.b",[${content}]]`);
  try {
    const message = transcoderFor("json", serializer)(json) as Uint8Array;
    return message.length > MAX_OCTETS ? undefined : new Uint8Array(message);
  } catch {
    return undefined;
  }
}

/** Reads up to the short event behind the long one, which a serializer may lack. */
async function untilShort(client: ScriptedClient): Promise<void> {
  for (;;) {
    const event = await client.nextOctets();
    if (event === undefined) throw new Error("a subscriber was closed");
    if (event.length < 1000) return;
  }
}

for (const router of SERIALIZER_NAMES) {
  const folder = mkdtempSync(join(tmpdir(), "longest-turns-"));
  const port = freePort();
  const { pids, stop } = await start(folder, router, port);
  const subscribers = await Promise.all(SERIALIZER_NAMES.map((name) => joined(port, name)));
  for (const client of subscribers) client.says([32, 1, {}, "a.b"]);
  for (const client of subscribers) await client.next();
  for (const from of SERIALIZER_NAMES) {
    const publisher = await joined(port, from);
    const short = encodeMessage([16, 2, {}, "a.b"], from);
    for (const [name, content] of Object.entries(contents)) {
      const long = publication(content, from);
      if (long === undefined) continue;
      for (const pid of Object.values(pids)) process.kill(pid, "SIGUSR2");
      publisher.sends(long, short);
      for (const client of subscribers) await untilShort(client);
      for (const pid of Object.values(pids)) process.kill(pid, "SIGUSR2");
      const longest = Object.entries(pids).map(async ([id, pid]) => {
        const file = join(folder, `${pid}.json`);
        while (!(await Bun.file(file).exists())) await Bun.sleep(10);
        const times = readFileSync(file, "utf8");
        rmSync(file);
        return `${id} ${times}`;
      });
      console.log(`${from} to ${router}, ${name}: ${(await Promise.all(longest)).join("; ")}`);
    }
    publisher.socket.destroy();
  }
  for (const client of subscribers) client.socket.destroy();
  await stop();
  rmSync(folder, { recursive: true });
}
process.exit(0);
