/**
 * The tables `router`: the router worker beside Crossbar's router, nexusd and xconn, and its subscriptions alone.
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
export interface RouterFront {
  name: string;
  isInstalled: boolean;
  start(): Promise<RunningFront>;
}

/** How long a table is measured. */
interface Duration {
  rounds: number;
  seconds: number;
}

type Load = Pick<LoadOptions, "mode" | "clients" | "before" | "inflight" | "rate">;

type Measured = [name: string, result: LoadResult];

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

/** A configuration of xconn's router; what is JSON is YAML. */
function xconnText(port: number): string {
  const rights = Object.fromEntries(
    Object.keys(everything).map((right) => [`allow_${right}`, true]),
  );
  const permissions = [{ uri: "", match: "prefix", ...rights }];
  return JSON.stringify({
    version: "1",
    config: { loglevel: "error" },
    realms: [{ name: "realm1", roles: [{ name: "anonymous", permissions }] }],
    transports: [
      { type: "websocket", listener: "tcp", address: `127.0.0.1:${port}`, serializers: ["json"] },
    ],
    authenticators: { anonymous: [{ authid: "joe", realm: "realm1", role: "anonymous" }] },
  });
}

const ownRouter = (name: string, executable: string) =>
  routerFront(name, executable, "node.json", {
    text: nodeText,
    args: (file) => [file, "--loglevel", "error"],
    hasWorkers: true,
  });

const others: readonly RouterFront[] = [
  routerFront("nexusd", program("nexusd"), "nexus.json", {
    text: (port) =>
      JSON.stringify({
        websocket: { address: `127.0.0.1:${port}`, out_queue_size: 4096 },
        router: { realms: [{ uri: "realm1", anonymous_auth: true }] },
      }),
    args: (file) => ["-c", file],
    hasWorkers: false,
  }),
  routerFront("xconn", program("nxt"), ".nxt/config.yaml", {
    text: xconnText,
    args: (file) => ["start", "--config", join(file, "../..")],
    hasWorkers: false,
  }),
  routerFront("Crossbar", program("crossbar"), ".crossbar/config.json", {
    text: nodeText,
    args: (file) => ["start", "--cbdir", join(file, ".."), "--loglevel", "error"],
    hasWorkers: true,
  }),
];

/** All routers, this one first; `beside`: the executable of another build of it. */
export function routers(beside?: string): RouterFront[] {
  const own = ownRouter("crossproxy", join(root, "dist", "crossproxy"));
  const otherBuild = beside === undefined ? [] : [ownRouter("crossproxy, beside", beside)];
  return [own, ...otherBuild, ...others];
}

const EIGHT = "Calls of 32 B through a router, 8 clients with 4 in flight each";
const MANY = "Calls of 32 B through a router, 512 clients with 1 in flight each";
const HALF = "Calls of 32 B through a router, at half of the first table's calls a second";
const PACED = "Calls of 32 B through a router, at 2,000 a second";
const ONE = "Events of 32 B through a router, to 1 subscriber";
const CROWD = "Events of 32 B through a router, to 200 subscribers";

function calls(clients: number, inflight: number): Load {
  return { mode: "calls", clients, before: 0, inflight, rate: 0 };
}

function paced(rate: number): Load {
  return { ...calls(8, 0), rate };
}

function events(clients: number): Load {
  return { mode: "fan-out", clients, before: 0, inflight: 1, rate: 0 };
}

/** The lines of each table, in Markdown. */
export async function* routerTables(duration: Duration): AsyncGenerator<string[]> {
  const most = await measured(EIGHT, () => calls(8, 4), duration);
  yield loadTable(EIGHT, most);
  yield loadTable(MANY, await measured(MANY, () => calls(512, 1), duration));
  const half = (name: string) => Math.round((new Map(most).get(name)?.perSecond ?? 0) / 2);
  yield loadTable(HALF, await measured(HALF, (name) => paced(half(name)), duration));
  yield loadTable(PACED, await measured(PACED, () => paced(2000), duration));
  yield loadTable(ONE, await measured(ONE, () => events(1), duration));
  yield loadTable(CROWD, await measured(CROWD, () => events(200), duration));
  yield await idleTable(duration);
  yield subscriptionTable();
}

const number = (value: number, digits: number) =>
  value.toLocaleString("en", { maximumFractionDigits: digits });

function loadTable(title: string, results: readonly Measured[]): string[] {
  const own = results[0]?.[1].cpuMicros ?? Number.NaN;
  const rows = results.map(([name, result]) => {
    const { operations, refused, perSecond, cpuMicros, p50Ms, p99Ms, rssKiB } = result;
    return [
      name,
      number(perSecond, 0),
      number((100 * refused) / (operations + refused), 1),
      number(cpuMicros, 1),
      number(own / cpuMicros, 2),
      number(p50Ms, 2),
      number(p99Ms, 2),
      number(rssKiB / 1024, 0),
    ];
  });
  return table(
    title,
    "per second | refused % | CPU-µs | crossproxy's share of it | p50 ms | p99 ms | RSS MB",
    rows,
  );
}

async function idleTable(duration: Duration): Promise<string[]> {
  const title = "Sessions of a router that do nothing, beyond the first 1,000";
  const load: Load = { mode: "idle", clients: 2000, before: 1000, inflight: 0, rate: 0 };
  const results = await measured(title, () => load, { ...duration, rounds: 1 });
  const rows = results.map(([name, { rssKiB, rssBeforeKiB, operations, cpuMicros }]) => [
    name,
    number(operations, 0),
    number((rssKiB - rssBeforeKiB) / operations, 1),
    number(cpuMicros, 0),
  ]);
  return table(title, "sessions | kB per session | CPU-µs per join", rows);
}

/** A table in Markdown with a row for each router. */
export function table(title: string, columns: string, rows: readonly string[][]): string[] {
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
  loadOf: (router: string) => Load,
  { rounds, seconds }: Duration,
): Promise<Measured[]> {
  const installed = routers().filter(({ isInstalled }) => isInstalled);
  const results = installed.map((): LoadResult[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, router] of installed.entries()) {
      console.error(`${title}, round ${round}: ${router.name}`);
      results[index]?.push(await measure(router, loadOf(router.name), seconds));
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

/** Starts a callee of `bench.echo`; resolves once it is registered. */
export async function startCallee(url: string) {
  const script = join(import.meta.dir, "echo-callee.ts");
  const child = Bun.spawn([process.execPath, script, url], { stdout: "pipe", stderr: "inherit" });
  await firstLine(child.stdout);
  return child;
}
