/**
 * What a front door costs: one process echoes over WebSocket, plainly and behind a front door, this
 * one sends and waits. Run by hand: `npx bun bench/front-door.ts`.
 *
 * @module
 */

import type { TransportConfig } from "#config/node-config.ts";
import { startTransport } from "#transport/start-transport.ts";
import { quietContext } from "../test/support/quiet-context.ts";
import { echo, universal } from "../test/support/universal-transport.ts";
import { memoryKiB, usageOf } from "./process-usage.ts";

const FRONTS = ["plain", "front door"];
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
async function serve(front: string): Promise<void> {
  const config = universal();
  const { endpoint, paths } = config;
  const plain = { id: "plain", endpoint, type: "web", paths } as TransportConfig;
  const listener = await startTransport(front === "plain" ? plain : config, echo, quietContext);
  process.send?.(listener.urls.find((url) => url.startsWith("ws:")));
}

interface Server {
  pid: number;
  url: string;
}

async function start(front: string): Promise<Server & Disposable> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const child = Bun.spawn([process.execPath, import.meta.path, "serve", front], { ipc: resolve });
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

/** Every caller sends its next message when the last one has come back. */
async function measureCalls(
  server: Server,
  callers: number,
  octets: number,
): Promise<[cpu: number, p50: number]> {
  const message = new Uint8Array(octets);
  const sockets = await Promise.all(Array.from({ length: callers }, () => open(server.url)));
  const times: number[] = [];
  const before = usageOf([server.pid]);
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
  const cpu = (usageOf([server.pid]) - before) / times.length;
  for (const socket of sockets) socket.terminate();
  return [cpu, times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0];
}

/** CPU of each connect, and memory of each client that stays. */
async function measureIdle(server: Server): Promise<[cpu: number, kib: number]> {
  await open(server.url);
  const cpuBefore = usageOf([server.pid]);
  const kibBefore = memoryKiB([server.pid]);
  for (let count = 0; count < IDLE_CLIENTS; count += 1) await open(server.url);
  const cpu = (usageOf([server.pid]) - cpuBefore) / IDLE_CLIENTS;
  return [cpu, (memoryKiB([server.pid]) - kibBefore) / IDLE_CLIENTS];
}

async function compare(): Promise<void> {
  const rows = new Map<string, number[][]>();
  const note = (row: string, figures: number[]) =>
    rows.set(row, [...(rows.get(row) ?? []), figures]);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const front of FRONTS) {
      for (const [callers, size] of LOADS) {
        using server = await start(front);
        await measureCalls(server, callers, size);
        note(
          `${callers} callers, ${size} octets, ${front}: CPU µs, p50 ms`,
          await measureCalls(server, callers, size),
        );
      }
      using server = await start(front);
      note(`idle, ${front}: CPU µs per connect, KiB`, await measureIdle(server));
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
