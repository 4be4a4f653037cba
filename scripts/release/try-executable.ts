/**
 * `bun scripts/release/try-executable.ts COMMAND...`: tries an executable that `npm run release` has made, also one that
 * runs in an emulator or with another C library.
 *
 *     bun scripts/release/try-executable.ts dist/release/crossproxy-0.1.0-linux-x64-baseline
 *
 * It starts a proxy before a router, joins with a client in each serializer, reloads the node and ends it. Beside its
 * configuration lie a .env and a bunfig.toml, which have to be without effect.
 *
 * @module
 */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** An emulator starts a node slowly. */
const TIMEOUT_MS = 120_000;

const command = process.argv.slice(2);
if (command.length === 0) {
  console.error("Cannot try an executable: expected its command");
  process.exit(2);
}
const deadline = setTimeout(() => fail(`not done after ${TIMEOUT_MS} ms`), TIMEOUT_MS);
const folder = mkdtempSync(join(tmpdir(), "crossproxy-try-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const port = freePort();
await Bun.write(join(folder, "node.json"), JSON.stringify(configuration(port)));
await Bun.write(join(folder, ".env"), "PORT_OF_ENV=1\n");
await Bun.write(join(folder, "bunfig.toml"), 'preload = ["./foreign.cjs"]\n');
await Bun.write(join(folder, "foreign.cjs"), 'require("node:fs").writeFileSync("ran", "");\n');

console.log(await run("version"));
await run("check", "node.json");
const node = Bun.spawn([...command, "node.json"], { cwd: folder, stdout: "pipe", stderr: "pipe" });
process.on("exit", () => node.kill("SIGKILL"));
void node.stderr.pipeTo(
  new WritableStream({ write: (octets) => void process.stderr.write(octets) }),
);
await untilReady();
for (const serializer of ["json", "msgpack", "cbor"] as const) await joinAndCall(serializer);
await run("reload", "node.json", "--force");
await joinAndCall("json");
node.kill("SIGTERM");
const exitCode = await node.exited;
if (exitCode !== 0) fail(`the node ended with exit code ${exitCode}`);
if (existsSync(join(folder, "ran"))) fail("bunfig.toml had an effect");
clearTimeout(deadline);
console.log(
  "runs: version, check, a proxy before a router, clients in three serializers, reload, end",
);

function fail(state: string): never {
  console.error(`Cannot run "${command.join(" ")}": ${state}`);
  process.exit(1);
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

/** The variable of .env would disable the router. */
function configuration(port: number): object {
  const transport = {
    type: "rawsocket",
    endpoint: { type: "unix", path: "router.sock" },
  };
  const anonymous = { type: "static", role: "anonymous" };
  return {
    version: 2,
    workers: [
      {
        type: "router",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration
        options: { disabled: "${PORT_OF_ENV}" },
        realms: [{ name: "realm1", roles: [{ name: "anonymous" }] }],
        transports: [{ ...transport, auth: { "anonymous-proxy": { type: "static" } } }],
      },
      {
        type: "proxy",
        connections: { router: { transport: { ...transport, serializer: "cbor" } } },
        routes: { realm1: { anonymous: "router" } },
        transports: [
          {
            type: "websocket",
            endpoint: { type: "tcp", port, interface: "127.0.0.1" },
            auth: { anonymous },
          },
        ],
      },
    ],
  };
}

/** Its standard output. */
async function run(...args: string[]): Promise<string> {
  const child = Bun.spawn([...command, ...args], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) fail(`${args.join(" ")}: ${stdout}${stderr}`);
  return stdout.trimEnd();
}

async function untilReady(): Promise<void> {
  let output = "";
  for await (const octets of node.stdout) {
    output += new TextDecoder().decode(octets);
    if (/^worker +type/m.test(output)) return;
  }
  fail(`the node ended:\n${output}`);
}

/** A client that joins, and whose call is answered. */
async function joinAndCall(serializer: SerializerName): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, [`wamp.2.${serializer}`]);
  socket.binaryType = "arraybuffer";
  const next = () =>
    new Promise<unknown[]>((resolve) => {
      socket.onclose = () => fail(`${serializer}: the connection was closed`);
      socket.onmessage = ({ data }) => {
        const octets = typeof data === "string" ? Buffer.from(data) : new Uint8Array(data);
        resolve(decodeMessage(octets, serializer));
      };
    });
  const say = (message: unknown[]) => {
    const octets = encodeMessage(message, serializer);
    socket.send(serializer === "json" ? Buffer.from(octets).toString() : octets);
  };
  await new Promise((resolve) => {
    socket.onopen = resolve;
    socket.onerror = () => fail(`${serializer}: no connection`);
  });
  say([1, "realm1", { roles: { caller: {} } }]);
  const [welcome] = await next();
  say([48, 1, {}, "com.example.none"]);
  const [error, , , , uri] = await next();
  // The role may not call anything.
  if (welcome !== 2 || error !== 8 || uri !== "wamp.error.not_authorized") {
    fail(`${serializer}: it answered ${JSON.stringify([welcome, error, uri])}`);
  }
  socket.onclose = null;
  socket.close();
}
