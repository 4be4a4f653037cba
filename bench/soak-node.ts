/**
 * The node of the soak: two routers behind two proxies that share their ports, and what it holds at a moment.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { sumOf } from "../test/support/admin-node.ts";
import { temporaryFolder } from "../test/support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../test/support/temporary-node.ts";
import { memoryKiB, readProc } from "./process-usage.ts";

/** What a process of the node holds. */
export interface Held {
  residentMiB: number;
  descriptors: number;
}

/** What the node holds. */
export interface Reading {
  /** By the title of the process. */
  processes: Map<string, Held>;
  connections: number;
  sessions: number;
  waitingOctets: number;
}

/** Where the load is sent. */
export interface SoakAddresses {
  webSocket: string;
  rawSocket: string;
  port: number;
  page: string;
  admin: string;
}

/** The title of the controller's process, and of the router that is killed again and again. */
const CONTROLLER = "soak-controller";
export const KILLED = "soak-router2";

const allow = { call: true, register: true, publish: true, subscribe: true };
const permissions = [{ uri: "", match: "prefix", allow }];
const anonymous = { anonymous: { type: "static", role: "anonymous" } };

/** Readers that stall are cut off soon. */
const options = { stall_timeout: 2_000 };

function routerWorker(number: number) {
  return {
    type: "router",
    id: `router${number}`,
    options: { title: `soak-router${number}` },
    realms: [{ name: `realm${number}`, roles: [{ name: "anonymous", permissions }] }],
    transports: [
      {
        type: "rawsocket",
        endpoint: { type: "unix", path: `router${number}.sock` },
        auth: { "anonymous-proxy": { type: "static" } },
      },
    ],
  };
}

function proxyWorker(number: number, webPort: number, rawPort: number) {
  const endpoint = (port: number) => ({ type: "tcp", port, interface: "127.0.0.1", shared: true });
  const connection = (router: number) => ({
    transport: {
      type: "rawsocket",
      endpoint: { type: "unix", path: `router${router}.sock` },
      serializer: "cbor",
    },
  });
  return {
    type: "proxy",
    id: `proxy${number}`,
    options: { title: `soak-proxy${number}` },
    connections: { conn1: connection(1), conn2: connection(2) },
    routes: { realm1: { anonymous: "conn1" }, realm2: { anonymous: "conn2" } },
    transports: [
      {
        type: "web",
        endpoint: endpoint(webPort),
        paths: {
          ws: { type: "websocket", auth: anonymous, options },
          lp: { type: "longpoll", auth: anonymous, options: { session_timeout: 5 } },
          value: { type: "json", value: "value" },
          info: { type: "nodeinfo" },
          "/": { type: "static", directory: "files" },
        },
      },
      { type: "rawsocket", endpoint: endpoint(rawPort), auth: anonymous, options },
    ],
  };
}

/** A running node. */
export class SoakNode {
  readonly addresses: SoakAddresses;
  readonly #node: TemporaryNode;

  private constructor(node: TemporaryNode, addresses: SoakAddresses) {
    this.#node = node;
    this.addresses = addresses;
  }

  /** Starts it. */
  static async start(): Promise<SoakNode> {
    const [port = 0, rawPort = 0, adminPort = 0] = freePorts(3);
    const controller = {
      options: { title: CONTROLLER },
      admin: { endpoint: { type: "tcp", port: adminPort } },
    };
    const workers = [
      routerWorker(1),
      routerWorker(2),
      proxyWorker(1, port, rawPort),
      proxyWorker(2, port, rawPort),
    ];
    const folder = temporaryFolder({
      "node.json": { version: 2, controller, workers },
      "files/long.txt": "x".repeat(500_000),
    });
    return new SoakNode(await startNode(folder, "--loglevel=warn"), {
      webSocket: `ws://127.0.0.1:${port}/ws`,
      rawSocket: `rs://127.0.0.1:${rawPort}/`,
      port,
      page: `http://127.0.0.1:${port}`,
      admin: `http://127.0.0.1:${adminPort}`,
    });
  }

  /** What it holds now. */
  async read(): Promise<Reading> {
    const text = await (await fetch(`${this.addresses.admin}/metrics`)).text();
    const processes = [...this.#pids()].map(([title, pid]): [string, Held] => [
      title,
      {
        residentMiB: memoryKiB([pid]) / 1024,
        descriptors: readdirSync(`/proc/${pid}/fd`).length,
      },
    ]);
    return {
      processes: new Map(processes),
      connections: sumOf(text, "crossproxy_connections"),
      sessions: sumOf(text, "crossproxy_sessions"),
      waitingOctets: sumOf(text, "crossproxy_outgoing_waiting_bytes"),
    };
  }

  /** Kills the router of `realm2`, if it runs. */
  killRouter(): void {
    const pid = this.#pids().get(KILLED);
    if (pid === undefined) throw new Error("no router to kill");
    process.kill(pid, "SIGKILL");
  }

  /** Faults of the program that the log has. */
  faults(): number {
    return this.#node.output().match(/fault of the program/g)?.length ?? 0;
  }

  /** Ends it; resolves with its exit code. */
  stop(): Promise<number> {
    return this.#node.stop();
  }

  /** The pids of controller and workers, by the titles of their processes. */
  #pids(): Map<string, number> {
    const { pid } = this.#node;
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readProc(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean),
    );
    const named = [pid, ...children.map(Number)].map((one): [string, number] => [
      readProc(`/proc/${one}/comm`).trim(),
      one,
    ]);
    return new Map(named.filter(([title]) => title.startsWith("soak-")));
  }
}
