/** A node of the built binary with an admin endpoint: a router, and two proxies on one port. */

import { temporaryFolder } from "./temporary-folder.ts";
import { freePorts, nodeForTest, type TemporaryNode } from "./temporary-node.ts";

const allow = { call: true, register: true, publish: true, subscribe: true };

/** What may differ from a node with an admin endpoint on TCP, without a token. */
export interface AdminNodeOptions {
  admin?: object;
  /** `controller.traces`. */
  traces?: object;
  /** Of the proxies' `websocket` path, beside `auth`. */
  options?: object;
  /** Connections of the proxies beside that to the router, all of them for the realm `realm2`. */
  more?: Record<string, object>;
  /** Of the router, beside `realm1`. */
  realms?: string[];
}

/** A running node. */
export interface AdminNode {
  node: TemporaryNode;
  /** Where clients join. */
  url: string;
  ask(path: string, init?: RequestInit & { unix?: string }): Promise<Response>;
}

/** A connection to a router at a Unix socket. */
export function connectionAt(path: string): object {
  const endpoint = { type: "unix", path, timeout: 1 };
  return { transport: { type: "rawsocket", endpoint, serializer: "cbor" } };
}

/** Starts it for one test. */
export async function adminNode(choice: AdminNodeOptions = {}): Promise<AdminNode> {
  const [port = 0, adminPort = 0] = freePorts(2);
  const admin = { endpoint: { type: "tcp", port: adminPort }, ...choice.admin };
  const more = Object.keys(choice.more ?? {});
  const proxy = (id: string) => ({
    type: "proxy",
    id,
    connections: { conn1: connectionAt("router.sock"), ...choice.more },
    balancing: { policy: "round_robin", slow_start: 0 },
    routes: {
      realm1: { anonymous: "conn1" },
      ...(more.length > 0 && { realm2: { anonymous: more } }),
    },
    transports: [
      {
        type: "web",
        endpoint: { type: "tcp", port, interface: "127.0.0.1", shared: true },
        paths: {
          ws: {
            type: "websocket",
            auth: { anonymous: { type: "static", role: "anonymous", authid: "secretive" } },
            ...(choice.options && { options: choice.options }),
          },
        },
      },
    ],
  });
  const router = {
    type: "router",
    id: "router",
    realms: ["realm1", ...(choice.realms ?? [])].map((name) => ({
      name,
      roles: [{ name: "anonymous", permissions: [{ uri: "*", allow }] }],
    })),
    transports: [
      {
        type: "rawsocket",
        endpoint: { type: "unix", path: "router.sock" },
        auth: { "anonymous-proxy": { type: "static" } },
      },
    ],
  };
  const workers = [router, proxy("proxy1"), proxy("proxy2")];
  const { traces } = choice;
  const controller = { id: "node1", admin, ...(traces && { traces }) };
  const configuration = { version: 2, controller, workers };
  const node = await nodeForTest(temporaryFolder({ "node.json": configuration }));
  return {
    node,
    url: `ws://127.0.0.1:${port}/ws`,
    ask: (path, init) => fetch(`http://127.0.0.1:${adminPort}${path}`, init),
  };
}

/** The samples of a metric in the text format: its labels as they are printed, and its value. */
export function samplesOf(text: string, name: string): [labels: string, value: number][] {
  return text.split("\n").flatMap((line): [string, number][] => {
    const [, found, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return found === name ? [[labels, Number(value)]] : [];
  });
}

/** Their sum over all samples whose labels match. */
export function sumOf(text: string, name: string, labels = /^/): number {
  return samplesOf(text, name)
    .filter(([printed]) => labels.test(printed))
    .reduce((sum, [, value]) => sum + value, 0);
}
