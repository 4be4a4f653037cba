/**
 * Reloads of each kind under 500 sessions that call: each change is made, and taken back.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { hasOpenssl, selfSigned } from "../test/support/certificates.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { BINARY, freePorts, startNode } from "../test/support/temporary-node.ts";
import type { Row } from "./reach.ts";
import { SteadyCallers } from "./steady-callers.ts";

const SESSIONS = 500;

/** Calls that are made behind a reload, before the next one. */
const SETTLE_MS = 1_500;

/** The parts of the node that reloads change. */
interface Parts {
  port: number;
  rules: object[];
  realms: object[];
  connections: Record<string, object>;
  routes: Record<string, object>;
  auth: object;
  options: object;
  paths: Record<string, object>;
  tls: object;
  limits: object;
  isUniversal: boolean;
  /** Further transports of the proxy, and further workers. */
  transports: object[];
  workers: object[];
}

const allow = { call: true, register: true, publish: true, subscribe: true };
const everything = { uri: "", match: "prefix", allow };
const role = { name: "anonymous", permissions: [everything] };
const anonymous = { anonymous: { type: "static", role: "anonymous" } };
const tickets = {
  ticket: { type: "static", principals: { joe: { ticket: "s", role: "anonymous" } } },
};

const tcp = (port: number, options: object = {}) => ({
  type: "tcp",
  interface: "127.0.0.1",
  port,
  shared: true,
  ...options,
});

const routerWorker = (path: string, realms: object[]) => ({
  type: "router",
  id: path.replace(".", "_"),
  realms,
  transports: [
    {
      type: "rawsocket",
      endpoint: { type: "unix", path },
      auth: { "anonymous-proxy": { type: "static" } },
    },
  ],
});

const connectionTo = (path: string) => ({
  transport: { type: "rawsocket", endpoint: { type: "unix", path }, serializer: "cbor" },
});

function proxyWorker(id: string, parts: Parts) {
  const { port, auth, options, paths, tls, limits, isUniversal } = parts;
  const web = { paths: { ws: { type: "websocket", auth, options }, ...paths } };
  const transport = {
    endpoint: tcp(port, tls),
    ...limits,
    ...(isUniversal ? { type: "universal", web } : { type: "web", ...web }),
  };
  const { connections, routes } = parts;
  return { type: "proxy", id, connections, routes, transports: [transport, ...parts.transports] };
}

function nodeOf(parts: Parts) {
  const router = routerWorker("router.sock", [
    { name: "realm1", roles: [{ ...role, permissions: parts.rules }] },
    ...parts.realms,
  ]);
  return { version: 2, workers: [router, proxyWorker("proxy", parts), ...parts.workers] };
}

/** Each kind of change, by what it changes. */
function changesOf(base: Parts, otherPort: number, folder: string): Record<string, Partial<Parts>> {
  const secret = { uri: "com.example.secret", allow: { call: false } };
  const otherRouter = routerWorker("other.sock", [{ name: "realm1", roles: [role] }]);
  const { key, certificate } = hasOpenssl
    ? selfSigned(folder, "one")
    : { key: "", certificate: "" };
  const websocket = { type: "websocket", endpoint: tcp(otherPort), auth: anonymous };
  return {
    permissions: { rules: [everything, secret] },
    realms: {
      realms: [{ name: "realm2", roles: [role] }],
      routes: { ...base.routes, realm2: { "*": "conn1" } },
    },
    "routers and routes": {
      workers: [otherRouter],
      connections: { ...base.connections, conn2: connectionTo("other.sock") },
      routes: { realm1: { "*": "conn2" } },
    },
    authmethods: { auth: tickets },
    "options of WebSockets": { options: { auto_ping_interval: 10_000 } },
    paths: { paths: { value: { type: "json", value: 1 } } },
    limits: { limits: { max_connections: 2 * SESSIONS } },
    ...(hasOpenssl && { TLS: { tls: { tls: { key, certificate } } } }),
    "the type of the transport": { isUniversal: true },
    transports: { transports: [websocket] },
    "proxies on the port": { workers: [proxyWorker("second", base)] },
  };
}

/** Reloads the node until each kind of change has been made, and taken back. */
export async function measureReloads(): Promise<Row[]> {
  const [port = 0, otherPort = 0] = freePorts(2);
  const base: Parts = {
    port,
    rules: [everything],
    realms: [],
    connections: { conn1: connectionTo("router.sock") },
    routes: { realm1: { "*": "conn1" } },
    auth: anonymous,
    options: {},
    paths: {},
    tls: {},
    limits: {},
    isUniversal: false,
    transports: [],
    workers: [],
  };
  const folder = temporaryFolder({ "node.json": nodeOf(base) });
  const node = await startNode(folder);
  const callers = await SteadyCallers.start(`ws://127.0.0.1:${port}/ws`, SESSIONS);
  const changes = changesOf(base, otherPort, folder);
  for (const change of Object.values(changes)) {
    await reload(folder, { ...base, ...change });
    await Bun.sleep(SETTLE_MS);
    await reload(folder, base);
    await Bun.sleep(SETTLE_MS);
  }
  await reload(folder, base, "--force");
  await Bun.sleep(SETTLE_MS);
  const { answered, lostCalls, movedSessions, slowestMs, ...counts } = await callers.stop();
  const lostSessions = counts.lostSessions + movedSessions;
  await node.stop();
  const kinds = [...Object.keys(changes), "nothing (`--force`)"];
  return [
    {
      what: `reload, there and back: ${kinds.join(", ")}`,
      asked: "0 sessions, 0 calls lost",
      measured: `${lostSessions} sessions and ${lostCalls} of ${answered.toLocaleString("en")} calls lost; an answer took at most ${slowestMs.toFixed(0)} ms`,
      isReached: lostSessions + lostCalls === 0,
    },
  ];
}

async function reload(folder: string, parts: Parts, ...options: string[]): Promise<void> {
  writeFileSync(joinPath(folder, "node.json"), JSON.stringify(nodeOf(parts)));
  const child = Bun.spawn([BINARY, "reload", ...options], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, faults] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if (!text.startsWith("Reloaded")) throw new Error(`Cannot reload: ${text}${faults}`);
}
