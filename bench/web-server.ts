/**
 * `npx bun bench/web-server.ts`: what WebSockets cost here, beside Bun's own Web server.
 *
 * A child process echoes: with Bun's Web server, and with a transport of this program. This process is its
 * client, and measures.
 *
 * @module
 */

import { startTransport } from "#transport/start-transport.ts";
import { quietContext } from "../test/support/quiet-context.ts";
import { echo, universal } from "../test/support/universal-transport.ts";
import { cpuBetween, memoryKiB, threadTimes } from "./process-usage.ts";

const SERVERS = ["bare Bun", "crossproxy"];
const ROUNDS = 5;
const ROUND_MS = 2000;
const IDLE_CLIENTS = 1000;
/** Callers at a time, and octets of a message. */
const LOADS = [
  [1, 110],
  [8, 110],
  [8, 4096],
  [8, 65_536],
] as const;

if (process.argv[2] === "serve") await serve(process.argv[3] ?? "");
else await compare();

/** Echoes until the other process ends this one. */
async function serve(kind: string): Promise<void> {
  if (kind === "crossproxy") {
    const { urls } = await startTransport(universal(), echo, quietContext);
    process.send?.(urls.find((url) => url.startsWith("ws:")));
    return;
  }
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request: Request, self) {
      const headers = { "Sec-WebSocket-Protocol": "wamp.2.cbor" };
      return self.upgrade(request, { headers }) ? undefined : new Response(null, { status: 404 });
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  });
  process.send?.(`ws://127.0.0.1:${server.port}/ws`);
}

interface Server {
  pid: number;
  url: string;
}

async function start(kind: string): Promise<Server & Disposable> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const child = Bun.spawn([process.execPath, import.meta.path, "serve", kind], { ipc: resolve });
  return { pid: child.pid, url: await promise, [Symbol.dispose]: () => child.kill() };
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, ["wamp.2.cbor"]);
  socket.binaryType = "nodebuffer";
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  return socket;
}

/** Each caller sends its next message when the previous one has come back. */
async function measureCalls(
  server: Server,
  callers: number,
  octets: number,
): Promise<[cpu: number, p50: number]> {
  const message = new Uint8Array(octets);
  const sockets = await Promise.all(Array.from({ length: callers }, () => open(server.url)));
  const times: number[] = [];
  const before = threadTimes([server.pid]);
  const end = performance.now() + ROUND_MS;
  await Promise.all(
    sockets.map((socket) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      let sentAt = performance.now();
      socket.onmessage = () => {
        const now = performance.now();
        times.push(now - sentAt);
        sentAt = now;
        if (now > end) resolve();
        else socket.send(message);
      };
      socket.send(message);
      return promise;
    }),
  );
  const cpu = cpuBetween(before, threadTimes([server.pid])).all / times.length;
  for (const socket of sockets) socket.terminate();
  return [cpu, times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0];
}

/** CPU of each connection's beginning, and memory of each that stays open. */
async function measureIdle(server: Server): Promise<[cpu: number, kib: number]> {
  await open(server.url);
  const before = threadTimes([server.pid]);
  const kibBefore = memoryKiB([server.pid]);
  for (let count = 0; count < IDLE_CLIENTS; count += 1) await open(server.url);
  const cpu = cpuBetween(before, threadTimes([server.pid])).all / IDLE_CLIENTS;
  return [cpu, (memoryKiB([server.pid]) - kibBefore) / IDLE_CLIENTS];
}

async function compare(): Promise<void> {
  const rows = new Map<string, number[][]>();
  const record = (row: string, figures: number[]) =>
    rows.set(row, [...(rows.get(row) ?? []), figures]);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of SERVERS) {
      for (const [callers, size] of LOADS) {
        using server = await start(kind);
        await measureCalls(server, callers, size);
        record(
          `${callers} callers, ${size} octets, ${kind}: CPU µs, p50 ms`,
          await measureCalls(server, callers, size),
        );
      }
      using server = await start(kind);
      record(`idle, ${kind}: CPU µs per connect, KiB`, await measureIdle(server));
    }
  }
  for (const [row, rounds] of rows) {
    const medians = [0, 1].map((column) => {
      const sorted = rounds.map((figures) => figures[column] ?? 0).toSorted((a, b) => a - b);
      return (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(2);
    });
    console.log(`${row}: ${medians.join(", ")}`);
  }
  process.exit(0);
}
