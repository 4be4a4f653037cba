/**
 * The tables `router`: the router worker beside Crossbar's router and nexusd, and its subscriptions alone.
 *
 * @module
 */

import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  descendants,
  firstLine,
  freePort,
  freshFolder,
  listens,
  startProcess,
} from "./front-process.ts";
import type { RunningFront } from "./fronts.ts";
import type { LoadOptions, LoadResult } from "./load.ts";
import { subscriptionTable } from "./subscriptions.ts";

/** A router that can be started. */
interface RouterFront {
  name: string;
  isInstalled: boolean;
  start(): Promise<RunningFront>;
}

/** How long a table is measured. */
interface Duration {
  rounds: number;
  seconds: number;
}

type Load = Pick<LoadOptions, "mode" | "clients" | "inflight" | "rate">;

const root = resolve(import.meta.dir, "..");
const program = (name: string) => join(root, ".venv", "bin", name);

const everything = { call: true, register: true, publish: true, subscribe: true };
const workerAt = (port: number) => ({
  type: "router",
  realms: [
    {
      name: "realm1",
      roles: [
        { name: "anonymous", permissions: [{ uri: "", match: "prefix", allow: everything }] },
      ],
    },
  ],
  transports: [
    {
      type: "websocket",
      endpoint: { type: "tcp", port, interface: "127.0.0.1", backlog: 1024 },
      auth: { anonymous: { type: "static", role: "anonymous" } },
    },
  ],
});

/** A router that reads a file in a folder of its own; `hasWorkers`: the processes below it count. */
function routerFront(
  name: string,
  executable: string,
  fileName: string,
  {
    text,
    args,
    hasWorkers,
  }: {
    text(port: number): string;
    args(file: string): string[];
    hasWorkers: boolean;
  },
): RouterFront {
  return {
    name,
    isInstalled: existsSync(executable),
    async start() {
      const [folder, port] = [freshFolder(), freePort()];
      const file = join(folder, fileName);
      mkdirSync(join(file, ".."), { recursive: true });
      await Bun.write(file, text(port));
      const command = [executable, ...args(file)];
      const { pid, stop } = await startProcess(command, folder, port, () => listens(port));
      return { url: `ws://127.0.0.1:${port}/`, pids: hasWorkers ? descendants(pid) : [pid], stop };
    },
  };
}

const nodeText = (port: number) =>
  JSON.stringify({ version: 2, controller: {}, workers: [workerAt(port)] });

const routers: readonly RouterFront[] = [
  routerFront("crossproxy", join(root, "dist", "crossproxy"), "node.json", {
    text: nodeText,
    args: (file) => [file, "--loglevel", "error"],
    hasWorkers: true,
  }),
  routerFront("nexusd", program("nexusd"), "nexus.json", {
    text: (port) =>
      JSON.stringify({
        websocket: { address: `127.0.0.1:${port}`, out_queue_size: 4096 },
        router: { realms: [{ uri: "realm1", anonymous_auth: true }] },
      }),
    args: (file) => ["-c", file],
    hasWorkers: false,
  }),
  routerFront("Crossbar", program("crossbar"), ".crossbar/config.json", {
    text: nodeText,
    args: (file) => ["start", "--cbdir", join(file, ".."), "--loglevel", "error"],
    hasWorkers: true,
  }),
];

const CALLS: readonly [title: string, load: Load][] = [
  ["Calls of 32 B through a router, 8 clients with 4 in flight each", calls(8, 4)],
  ["Calls of 32 B through a router, 512 clients with 1 in flight each", calls(512, 1)],
  ["Calls of 32 B through a router at 2,000 a second", { ...calls(8, 0), rate: 2000 }],
  ["Events of 32 B through a router, to 1 subscriber", events(1)],
  ["Events of 32 B through a router, to 200 subscribers", events(200)],
];

function calls(clients: number, inflight: number): Load {
  return { mode: "calls", clients, inflight, rate: 0 };
}

function events(clients: number): Load {
  return { mode: "fan-out", clients, inflight: 1, rate: 0 };
}

/** The lines of each table, in Markdown. */
export async function* routerTables(duration: Duration): AsyncGenerator<string[]> {
  for (const [title, load] of CALLS) yield await loadTable(title, load, duration);
  yield await idleTable(duration);
  yield subscriptionTable();
}

const number = (value: number, digits: number) =>
  value.toLocaleString("en", { maximumFractionDigits: digits });

async function loadTable(title: string, load: Load, duration: Duration): Promise<string[]> {
  const results = await measured(title, load, duration);
  const own = results[0]?.[1].cpuMicros ?? Number.NaN;
  const rows = results.map(([name, { perSecond, cpuMicros, p50Ms, p99Ms, rssKiB }]) => [
    name,
    number(perSecond, 0),
    number(cpuMicros, 1),
    number(own / cpuMicros, 2),
    number(p50Ms, 2),
    number(p99Ms, 2),
    number(rssKiB / 1024, 0),
  ]);
  return table(
    title,
    "per second | CPU-µs | crossproxy's share of it | p50 ms | p99 ms | RSS MB",
    rows,
  );
}

async function idleTable(duration: Duration): Promise<string[]> {
  const title = "Sessions of a router that do nothing";
  const load: Load = { mode: "idle", clients: 2000, inflight: 0, rate: 0 };
  const results = await measured(title, load, { ...duration, rounds: 1 });
  const rows = results.map(([name, { rssKiB, rssBeforeKiB, operations, cpuMicros }]) => [
    name,
    number(operations, 0),
    number((rssKiB - rssBeforeKiB) / operations, 1),
    number(cpuMicros, 0),
  ]);
  return table(title, "sessions | kB per session | CPU-µs per join", rows);
}

function table(title: string, columns: string, rows: readonly string[][]): string[] {
  const rules = columns.split(" | ").map(() => "---:|");
  return [
    `## ${title}`,
    "",
    `| router | ${columns} |`,
    `|---|${rules.join("")}`,
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
  ];
}

/** The result of each router with the median CPU time; all are measured in turn, round after round. */
async function measured(
  title: string,
  load: Load,
  { rounds, seconds }: Duration,
): Promise<[name: string, result: LoadResult][]> {
  const installed = routers.filter(({ isInstalled }) => isInstalled);
  const results = installed.map((): LoadResult[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, router] of installed.entries()) {
      console.error(`${title}, round ${round}: ${router.name}`);
      results[index]?.push(await measure(router, load, seconds));
    }
  }
  return installed.map(({ name }, index) => {
    const sorted = (results[index] ?? []).toSorted((a, b) => a.cpuMicros - b.cpuMicros);
    return [name, sorted[Math.floor(sorted.length / 2)] as LoadResult];
  });
}

async function measure(router: RouterFront, load: Load, seconds: number): Promise<LoadResult> {
  const running = await router.start();
  const callee = load.mode === "calls" ? await startCallee(running.url) : undefined;
  try {
    const options: LoadOptions = {
      ...load,
      url: running.url,
      direct: running.url,
      serializer: "json",
      payload: "32 B",
      before: 0,
      seconds,
      pids: running.pids,
    };
    const script = join(import.meta.dir, "load.ts");
    const command = [process.execPath, script, JSON.stringify(options)];
    const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit", timeout: 120_000 });
    const output = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) throw new Error(`Cannot measure ${router.name}`);
    return JSON.parse(output) as LoadResult;
  } finally {
    callee?.kill();
    await callee?.exited;
    await running.stop();
  }
}

async function startCallee(url: string) {
  const script = join(import.meta.dir, "echo-callee.ts");
  const child = Bun.spawn([process.execPath, script, url], { stdout: "pipe", stderr: "inherit" });
  await firstLine(child.stdout);
  return child;
}
