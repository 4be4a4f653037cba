/**
 * `npm run bench [-- --only calls,paced,joins,idle,fan-out,stalled,slices,pages,bridge,router] [--rounds 3]
 * [--seconds 3] [--cycles 20] [--beside PATH] [--write]`
 *
 * Measures every front in turn, round after round, so that other load on the machine affects all of them
 * alike, and prints the median of the rounds. The tables `slices` have fronts that run side by side, with
 * another build of crossproxy if `--beside` names its executable. `--write` puts the tables into
 * bench/results.md with the machine and the commit.
 *
 * @module
 */

import { cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bridgeTables } from "./bridge.ts";
import { type Front, fronts, type RunningFront, startStubRouter } from "./fronts.ts";
import type { LoadOptions, LoadResult } from "./load.ts";
import { pageTables } from "./pages.ts";
import { routerSliceTables } from "./router-slices.ts";
import { routerTables } from "./routers.ts";
import { sliceTables } from "./slices.ts";

const { values } = parseArgs({
  options: {
    only: {
      type: "string",
      default: "calls,paced,joins,idle,fan-out,stalled,slices,pages,bridge,router",
    },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    cycles: { type: "string", default: "20" },
    beside: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);

type Row = [front: Front, options: Partial<LoadOptions>];

/** One table: its rows and columns. */
interface Table {
  name: string;
  title: string;
  rows: Row[];
  columns: Record<string, (result: LoadResult, options: Partial<LoadOptions>) => string>;
}

const number = (digits: number) => (value: number) =>
  Number.isNaN(value) ? "" : value.toLocaleString("en", { maximumFractionDigits: digits });
const callColumns: Table["columns"] = {
  "per second": ({ perSecond }) => number(0)(perSecond),
  "CPU-µs": ({ cpuMicros }) => number(1)(cpuMicros),
  "p50 ms": ({ p50Ms }) => number(2)(p50Ms),
  "p99 ms": ({ p99Ms }) => number(2)(p99Ms),
  "RSS MB": ({ rssKiB }) => number(0)(rssKiB / 1024),
};

const payloads = ["32 B", "4 kB text", "4 kB objects"] as const;
const carriers = [
  fronts.json,
  fronts.jsonToCbor,
  fronts.msgpackToCbor,
  fronts.cbor,
  fronts.tls,
  fronts.bareRelay,
  fronts.bareRelayCbor,
  fronts.nginx,
  fronts.nginxTls,
  fronts.haproxy,
  fronts.crossbar,
];

/** Each session takes two descriptors of the front, whose number is limited. */
const limits = await Bun.file("/proc/self/limits").text();
const descriptors = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
const furtherSessions = Math.min(4000, Math.floor((descriptors - 500) / 2) - 1000);

const tables: Table[] = [
  ...payloads.map(
    (payload): Table => ({
      name: "calls",
      title: `Calls of ${payload}, 8 clients with 4 in flight each`,
      rows: carriers.map((front) => [front, { mode: "calls", payload }]),
      columns: callColumns,
    }),
  ),
  ...[300, 5000].map(
    (rate): Table => ({
      name: "paced",
      title: `Calls of 32 B at ${rate.toLocaleString("en")} a second`,
      rows: [
        fronts.json,
        fronts.jsonToCbor,
        fronts.bareRelay,
        fronts.nginx,
        fronts.haproxy,
        fronts.crossbar,
      ].map((front) => [front, { mode: "calls", rate }]),
      columns: callColumns,
    }),
  ),
  {
    name: "joins",
    title: "Joins, 8 clients that join and leave",
    rows: [fronts.json, fronts.authenticating, fronts.bareRelay, fronts.nginx, fronts.crossbar].map(
      (front) => [front, { mode: "joins" }],
    ),
    columns: callColumns,
  },
  {
    name: "idle",
    title: "Joined sessions that do nothing",
    rows: [
      ...[fronts.json, fronts.jsonToCbor, fronts.bareRelay, fronts.nginx].map(
        (front): Row => [front, { mode: "idle", clients: 1000 }],
      ),
      ...[fronts.json, fronts.jsonToCbor, fronts.bareRelay].map(
        (front): Row => [front, { mode: "idle", before: 1000, clients: furtherSessions }],
      ),
    ],
    columns: {
      sessions: ({ operations }, { before = 0 }) =>
        before === 0
          ? number(0)(operations)
          : `${number(0)(before)} to ${number(0)(before + operations)}`,
      "kB per session": ({ rssKiB, rssBeforeKiB, operations }) =>
        number(1)((rssKiB - rssBeforeKiB) / operations),
      "CPU-µs per join": ({ cpuMicros }) => number(0)(cpuMicros),
      "joins per second": ({ perSecond }) => number(0)(perSecond),
    },
  },
  {
    name: "fan-out",
    title: "Events of 4 kB objects to 200 subscribers",
    rows: [fronts.json, fronts.jsonToCbor, fronts.bareRelay, fronts.nginx].map((front) => [
      front,
      { mode: "fan-out", clients: 200, payload: "4 kB objects" },
    ]),
    columns: callColumns,
  },
  {
    name: "stalled",
    title: "Events of 4 kB to one subscriber: first alone, then beside one that never reads",
    rows: [fronts.json, fronts.jsonToCbor].flatMap((front): Row[] => [
      [front, { mode: "fan-out", clients: 1, payload: "4 kB text", seconds: 10 }],
      [front, { mode: "stalled", clients: 1, payload: "4 kB text", seconds: 10 }],
    ]),
    columns: {
      "MB published": ({ operations }) => number(0)((operations * 4096) / 1e6),
      "RSS growth MB": ({ rssKiB, rssBeforeKiB }) => number(1)((rssKiB - rssBeforeKiB) / 1024),
    },
  },
];

async function measure([front, changes]: Row): Promise<LoadResult> {
  const router = await startStubRouter();
  let running: RunningFront | undefined;
  try {
    running = await front.start(router);
    const options: LoadOptions = {
      mode: "calls",
      url: running.url,
      direct: `ws://127.0.0.1:${router.port}/`,
      serializer: front.serializer,
      payload: "32 B",
      clients: 8,
      before: 0,
      inflight: 4,
      rate: 0,
      seconds: Number(values.seconds),
      pids: running.pids,
      ...changes,
    };
    const load = Bun.spawn(
      [process.execPath, join(import.meta.dir, "load.ts"), JSON.stringify(options)],
      { stdout: "pipe", stderr: "inherit", timeout: 120_000 },
    );
    const output = await new Response(load.stdout).text();
    if ((await load.exited) !== 0) throw new Error(`Cannot measure ${front.name}`);
    return JSON.parse(output) as LoadResult;
  } finally {
    await running?.stop();
    await router.stop();
  }
}

/** The one result with the median CPU time, so that all figures are of the same round. */
function median(results: LoadResult[]): LoadResult {
  const sorted = results.toSorted((a, b) => a.cpuMicros - b.cpuMicros);
  return sorted[Math.floor(sorted.length / 2)] as LoadResult;
}

async function tableOf({ title, rows, columns }: Table): Promise<string[]> {
  const installed = rows.filter(([front]) => front.isInstalled);
  const results = new Map<Row, LoadResult[]>(installed.map((row) => [row, []]));
  for (let round = 0; round < rounds; round++) {
    for (const row of installed) {
      console.error(`${title}, round ${round + 1}: ${row[0].name}`);
      results.get(row)?.push(await measure(row));
    }
  }
  const names = Object.keys(columns);
  const lines = [
    `## ${title}`,
    "",
    `| front | ${names.join(" | ")} |`,
    `|---|${names.map(() => "---:|").join("")}`,
  ];
  for (const [row, all] of results) {
    const result = median(all);
    const cells = Object.values(columns).map((cell) => cell(result, row[1]));
    lines.push(`| ${row[0].name} | ${cells.join(" | ")} |`);
  }
  const missing = rows.filter(([front]) => !front.isInstalled).map(([front]) => front.name);
  if (missing.length > 0) {
    lines.push("", `Not installed here: ${[...new Set(missing)].join(", ")}.`);
  }
  lines.push("");
  return lines;
}

const wanted = values.only.split(",");
const commit = Bun.spawnSync(["git", "rev-parse", "--short", "HEAD"]).stdout.toString().trim();
const lines: string[] = [];

/** Adds the lines of a table, and prints them. */
function add(table: readonly string[]): void {
  lines.push(...table);
  console.log(table.join("\n"));
}

add([
  "# Results",
  "",
  `${cpus().length} cores ${cpus()[0]?.model}, Linux ${release()}, Bun ${Bun.version}, commit ${commit}.`,
  `${rounds === 1 ? "One round" : `Median of ${rounds} rounds`} of ${values.seconds} s after 2 s of warm-up. CPU is that of the front process for one`,
  "operation; clients, front and stub router share the machine.",
  "",
]);
for (const table of tables.filter(({ name }) => wanted.includes(name))) {
  add(await tableOf(table));
}
const { beside } = values;
const cycles = Number(values.cycles);
if (wanted.includes("slices")) {
  for await (const table of sliceTables({ cycles, beside })) add(table);
}
if (wanted.includes("pages")) {
  for await (const table of pageTables({ cycles, beside })) add(table);
}
if (wanted.includes("bridge")) for await (const table of bridgeTables(cycles)) add(table);
if (wanted.includes("router")) {
  for await (const table of routerTables({ rounds, seconds: Number(values.seconds) })) add(table);
  for await (const table of routerSliceTables({ cycles, beside })) add(table);
}
if (values.write) await Bun.write(join(import.meta.dir, "results.md"), lines.join("\n"));
