/**
 * Every transport of a router worker and of a proxy worker, on every kind of endpoint: foreign
 * clients join, call and receive an event.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { Wampy } from "wampy";
import { CborSerializer } from "wampy/CborSerializer.js";
import { loadNodeConfig } from "#config/load.ts";
import type { ProxyWorkerConfig } from "#config/node/worker-config.ts";
import { startProxyWorker } from "#worker/proxy-worker.ts";
import { startRouterWorker } from "#worker/router-worker.ts";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts } from "../support/temporary-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";

const WORKERS = ["router", "proxy"] as const;
const HOSTS = ["127.0.0.1", "::1", "unix"] as const;
const SECURITIES = ["plain", "TLS", "TLS with client certificate"] as const;

/** What listens; `ws` and `raw`: what is spoken there, and at which path. */
const TRANSPORTS = [
  { name: "web", ws: "/ws", raw: false },
  { name: "websocket", ws: "/", raw: false },
  { name: "rawsocket", ws: null, raw: true },
  { name: "universal", ws: "/ws", raw: true },
  { name: "websocket.testee", ws: "/", raw: false },
] as const;

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);
if (!hasIpv6) console.log("LEFT OUT: the endpoints over IPv6, as this machine has no ::1");

/** A transport at an endpoint. */
interface Cell {
  name: string;
  worker: (typeof WORKERS)[number];
  transport: (typeof TRANSPORTS)[number];
  host: (typeof HOSTS)[number];
  security: (typeof SECURITIES)[number];
  port: number;
  /** How the port is written. */
  spelling: object;
}

const folder = temporaryFolder();
const ports = freePorts(100);
const cells: Cell[] = WORKERS.flatMap((worker) =>
  HOSTS.flatMap((host) =>
    SECURITIES.flatMap((security) =>
      TRANSPORTS.map((transport) => {
        const port = ports.shift() ?? 0;
        const name = `${transport.name} of a ${worker} worker, ${host}, ${security}`;
        return { name, worker, transport, host, security, port, spelling: { port } };
      }),
    ),
  ),
).filter(
  ({ host, security }) =>
    (host !== "unix" || security === "plain") &&
    (host !== "::1" || hasIpv6) &&
    (security === "plain" || hasOpenssl),
);
const byVariable = cells[0] as Cell;
byVariable.spelling = { port: "$PORT" };
const byRange = cells[1] as Cell;
byRange.spelling = { portrange: [byRange.port, byRange.port] };

const server = hasOpenssl ? selfSigned(folder, "server") : null;
const client = hasOpenssl ? selfSigned(folder, "client") : null;

const socketOf = ({ worker, transport }: Cell) => join(folder, `${worker}-${transport.name}.sock`);

function endpointOf(cell: Cell): object {
  if (cell.host === "unix") return { type: "unix", path: socketOf(cell) };
  const { key, certificate } = server ?? {};
  const authorities = cell.security === "TLS" ? {} : { ca_certificates: [client?.certificate] };
  return {
    type: "tcp",
    interface: cell.host,
    ...cell.spelling,
    ...(cell.security !== "plain" && { tls: { key, certificate, ...authorities } }),
  };
}

const auth = { anonymous: { type: "static", role: "user" } };

function transportOf(cell: Cell): object {
  const { name: type } = cell.transport;
  const endpoint = endpointOf(cell);
  const webSocket = { type: "websocket", auth };
  switch (type) {
    case "web":
      return { type, endpoint, paths: { ws: webSocket } };
    case "universal":
      return { type, endpoint, rawsocket: { auth }, websocket: { ws: webSocket } };
    case "websocket.testee":
      return { type, endpoint };
    default:
      return { type, endpoint, auth };
  }
}

function node(): object {
  const allow = { call: true, register: true, publish: true, subscribe: true };
  const user = { name: "user", permissions: [{ uri: "*", allow }] };
  const between = { type: "unix", path: "router.sock" };
  const trusting = { "anonymous-proxy": { type: "static" } };
  const of = (wanted: string) =>
    cells.filter(({ worker }) => worker === wanted).map((cell) => transportOf(cell));
  return {
    version: 2,
    workers: [
      {
        type: "router",
        realms: [{ name: "realm1", roles: [user] }],
        transports: [{ type: "rawsocket", endpoint: between, auth: trusting }, ...of("router")],
      },
      {
        type: "proxy",
        connections: { router: { transport: { type: "rawsocket", endpoint: between } } },
        routes: { realm1: { user: "router" } },
        transports: of("proxy"),
      },
    ],
  };
}

const stops: (() => Promise<unknown>)[] = [];
/** What each client in Python says of its cell, by name. */
let python: Record<string, string> = {};

beforeAll(async () => {
  const file = join(folder, "node.json");
  await Bun.write(file, JSON.stringify(node()));
  const { config, faults } = await loadNodeConfig(file, { PORT: String(byVariable.port) });
  expect(faults).toEqual([]);
  for (const worker of config?.workers ?? []) {
    if (worker.type === "websocket-testee") continue;
    const { shutdown } =
      worker.type === "router"
        ? await startRouterWorker(worker, quietContext)
        : await startProxyWorker(worker as ProxyWorkerConfig, quietContext);
    stops.unshift(shutdown);
  }
  if (hasPython) python = await joinWithPython(cells.filter(({ transport }) => transport.raw));
});

afterAll(async () => {
  for (const stop of stops) await stop();
});

/** All in one process, as it takes a second to start. */
async function joinWithPython(cells: Cell[]): Promise<Record<string, string>> {
  const orders = cells.map((cell) => {
    const tls = cell.security === "plain" ? null : { ca: server?.certificate, ...shownBy(cell) };
    const place = cell.host === "unix" ? { path: socketOf(cell) } : { host: cell.host };
    return { name: cell.name, ...place, port: cell.port, tls };
  });
  const script = resolve(import.meta.dir, "../python/rawsocket_cells.py");
  const stdin = Buffer.from(JSON.stringify(orders));
  const child = Bun.spawn([PYTHON, script], { stdin, stdout: "pipe", stderr: "pipe" });
  const [said, faults] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`the Python clients ended: ${faults}`);
  return JSON.parse(said);
}

function shownBy({ security }: Cell): { certificate: string | null; key: string | null } {
  if (security !== "TLS with client certificate") return { certificate: null, key: null };
  return { certificate: client?.certificate ?? null, key: client?.key ?? null };
}

function webSocketTo(cell: Cell): { url: string; tls: Bun.TLSOptions } {
  const { host, port, security, transport } = cell;
  if (host === "unix") return { url: `ws+unix://${socketOf(cell)}:${transport.ws}`, tls: {} };
  const scheme = security === "plain" ? "ws" : "wss";
  const place = `${host === "::1" ? "[::1]" : host}:${port}`;
  const { certificate, key } = shownBy(cell);
  const read = (file: string) => readFileSync(file, "utf8");
  const shown = certificate && key ? { cert: read(certificate), key: read(key) } : {};
  return {
    url: `${scheme}://${place}${transport.ws}`,
    tls: server ? { ca: read(server.certificate), ...shown } : {},
  };
}

async function joinWithWampy(cell: Cell): Promise<Wampy> {
  const { url, tls } = webSocketTo(cell);
  // Wampy takes no URL of a Unix socket, so it is told another and never uses it.
  const wampy = new Wampy("ws://localhost/", {
    realm: "realm1",
    serializer: new CborSerializer(),
    ws: class extends WebSocket {
      constructor(_url: string, protocols: string[] = []) {
        super(url, { protocols, tls } as Bun.WebSocketOptions);
      }
    },
    autoReconnect: false,
  });
  await wampy.connect();
  return wampy;
}

async function meetOverWebSocket(cell: Cell): Promise<string> {
  const [one, other] = await Promise.all([joinWithWampy(cell), joinWithWampy(cell)]);
  const uri = "com.example.cell";
  const event = Promise.withResolvers<unknown>();
  await other.register(uri, ({ argsList }) => ({ argsList: argsList ?? [] }));
  await other.subscribe(uri, ({ argsList }) => event.resolve(argsList?.[0]));
  await one.publish(uri, ["an event"]);
  const { argsList } = (await one.call(uri, ["a call"])) as { argsList: unknown[] };
  const said = [argsList[0], await event.promise].join(" and ");
  await Promise.all([one.disconnect(), other.disconnect()]);
  return said;
}

async function echoOf(cell: Cell): Promise<unknown> {
  const { url, tls } = webSocketTo(cell);
  const socket = new WebSocket(url, { tls } as Bun.WebSocketOptions);
  const said = await new Promise((resolve, reject) => {
    socket.onopen = () => socket.send("a call and an event");
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error("no connection"));
  });
  socket.close();
  return said;
}

const testees = cells.filter(({ transport }) => transport.name === "websocket.testee");
const webSockets = cells.filter((cell) => cell.transport.ws && !testees.includes(cell));
const rawSockets = cells.filter(({ transport }) => transport.raw);

describe("over WebSocket", () => {
  test.each(webSockets)("$name", async (cell) => {
    expect(await meetOverWebSocket(cell)).toBe("a call and an event");
  });

  test.each(testees)("$name", async (cell) => {
    expect(await echoOf(cell)).toBe("a call and an event");
  });
});

describe.skipIf(!hasPython)("over RawSocket", () => {
  test.each(rawSockets)("$name", ({ name }) => {
    expect(python[name]).toBe("a call and an event");
  });
});
