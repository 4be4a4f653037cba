/**
 * The tables `bridge`: requests that publish, beside Crossbar's `publisher`, and events for many listeners over HTTP.
 *
 * The bridge is on a router worker, or on a proxy worker before that; the CPU time of both counts. For the listeners it
 * is that of the proxy worker alone.
 *
 * @module
 */

import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { proxiedNodeConfig } from "../test/support/proxied-node.ts";
import {
  descendants,
  firstLine,
  freePort,
  freshFolder,
  listens,
  startProcess,
} from "./front-process.ts";
import type { ListenerLoadOptions, ListenerLoadResult } from "./listener-load.ts";
import type { PageLoadOptions, PageLoadResult } from "./page-load.ts";
import type { RunningWebFront, WebFront } from "./web-fronts.ts";

const root = resolve(import.meta.dir, "..");
const crossbar = join(root, ".venv", "bin", "crossbar");
const TOPIC = "com.example.bench";
const PUBLICATION = JSON.stringify({ topic: TOPIC, args: ["hello", 1, true] });
const LISTENERS = 9_500;
const EVENTS = 20;

const access = { realm: "realm1", role: "anonymous" };
const webAt = (port: number, paths: object) => ({
  type: "web",
  endpoint: { type: "tcp", port, interface: "127.0.0.1", backlog: 1024 },
  paths: { "/": { type: "json", value: 1 }, publish: { type: "publisher", ...access }, ...paths },
});

/** The workers of a node whose bridge is on its router worker, or on a proxy worker before that. */
function workersOf(place: "router" | "proxy", web: object): object[] {
  const node = proxiedNodeConfig({ proxyPort: 0, routerPort: 0 });
  const [router, proxy] = node.workers;
  if (place === "router") return [{ ...router, transports: [web] }];
  const [socket] = router?.transports ?? [];
  return [
    { ...router, transports: [socket] },
    { ...proxy, transports: [web] },
  ];
}

async function startNode(
  command: (folder: string) => string[],
  file: string,
  workers: object[],
  port: number,
): Promise<RunningWebFront> {
  const folder = freshFolder();
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  await Bun.write(join(folder, file), JSON.stringify({ version: 2, controller: {}, workers }));
  const node = await startProcess(command(folder), folder, port, () => listens(port));
  return { port, pids: descendants(node.pid), stop: node.stop };
}

function crossproxyBridge(place: "router" | "proxy", paths: object = {}): WebFront {
  const program = join(root, "dist", "crossproxy");
  return {
    name: `crossproxy, ${place}`,
    hasWebSockets: true,
    isInstalled: true,
    start() {
      const port = freePort();
      const command = (folder: string) => [
        program,
        join(folder, "node.json"),
        "--loglevel",
        "error",
      ];
      return startNode(command, "node.json", workersOf(place, webAt(port, paths)), port);
    },
  };
}

function crossbarBridge(place: "router" | "proxy"): WebFront {
  return {
    name: `Crossbar, ${place}`,
    hasWebSockets: true,
    isInstalled: existsSync(crossbar),
    start() {
      const port = freePort();
      const command = (folder: string) => [
        ...[crossbar, "start", "--cbdir", join(folder, ".crossbar")],
        ...["--loglevel", "error"],
      ];
      const workers = workersOf(place, webAt(port, {}));
      return startNode(command, ".crossbar/config.json", workers, port);
    },
  };
}

/** The lines of each table, in Markdown. */
export async function* bridgeTables(cycles: number): AsyncGenerator<string[]> {
  yield await publisherTable(cycles);
  yield await listenerTable();
}

async function publisherTable(cycles: number): Promise<string[]> {
  const fronts = [
    crossproxyBridge("router"),
    crossproxyBridge("proxy"),
    crossbarBridge("proxy"),
    crossbarBridge("router"),
  ].filter(({ isInstalled }) => isInstalled);
  const running: RunningWebFront[] = [];
  try {
    for (const front of fronts) running.push(await front.start());
    console.error("Slices of requests that publish");
    const results = await load<PageLoadResult[]>("page-load.ts", {
      fronts: running.map(({ port, pids }) => ({ port, pids })),
      path: "/publish",
      body: PUBLICATION,
      clients: 8,
      cycles,
      sliceMs: 250,
      warmUpMs: 3000,
    } satisfies PageLoadOptions);
    const last = results.at(-1) as PageLoadResult;
    const rows = fronts.map(({ name }, index) => {
      const { perSecond, cpuMicros, cpuQuartileMicros } = results[index] as PageLoadResult;
      const perCpuSecond = Math.round(1e6 / cpuMicros).toLocaleString("en");
      const ratio = (last.cpuMicros / cpuMicros).toFixed(1);
      const cpu = `${cpuMicros.toFixed(1)} / ${cpuQuartileMicros.toFixed(1)}`;
      return `| ${[name, Math.round(perSecond), cpu, perCpuSecond, ratio].join(" | ")} |`;
    });
    return [
      "## Slices of requests that publish, 8 clients",
      "",
      `| front | per second | CPU-µs | requests per second of CPU | x ${fronts.at(-1)?.name} |`,
      "|---|---:|---:|---:|---:|",
      ...rows,
      "",
    ];
  } finally {
    await Promise.all(running.map((front) => front.stop()));
  }
}

async function listenerTable(): Promise<string[]> {
  console.error("Events for listeners over HTTP");
  const sse = crossproxyBridge("proxy", { events: { type: "sse", ...access } });
  const node = await sse.start();
  // The workers are started in the order of the configuration.
  const ours = await listenerRow("crossproxy", { ...node, pids: node.pids.slice(1) });
  const bare = await listenerRow("bare Bun", await bareEventServer());
  return [
    `## Events for ${LISTENERS.toLocaleString("en")} listeners over HTTP`,
    "",
    "| front | kB per listener | CPU-µs per event and listener | ms until the last has an event |",
    "|---|---:|---:|---:|",
    ours,
    bare,
    "",
  ];
}

async function bareEventServer(): Promise<RunningWebFront> {
  const script = join(import.meta.dir, "bare-event-server.ts");
  const child = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "inherit" });
  const port = Number(await firstLine(child.stdout));
  const stop = async () => {
    child.kill();
    await child.exited;
  };
  return { port, pids: [child.pid], stop };
}

async function listenerRow(name: string, { port, pids, stop }: RunningWebFront): Promise<string> {
  try {
    const { kibPerListener, cpuMicros, lastMs } = await load<ListenerLoadResult>(
      "listener-load.ts",
      {
        port,
        pids,
        listeners: `/events?topic=${TOPIC}`,
        count: LISTENERS,
        publisher: "/publish",
        publication: PUBLICATION,
        events: EVENTS,
      } satisfies ListenerLoadOptions,
    );
    const [kilobytes, cpu] = [kibPerListener, cpuMicros].map((figure) => figure.toFixed(2));
    return `| ${[name, kilobytes, cpu, Math.round(lastMs)].join(" | ")} |`;
  } finally {
    await stop();
  }
}

async function load<Result>(script: string, options: unknown): Promise<Result> {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, script), JSON.stringify(options)],
    { stdout: "pipe", stderr: "inherit", timeout: 600_000 },
  );
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`Cannot measure: ${script} has failed`);
  return JSON.parse(output) as Result;
}
