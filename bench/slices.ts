/**
 * The tables of slices: the CPU time of fronts that run side by side, warm and freshly started.
 *
 * @module
 */

import { join } from "node:path";
import {
  type Front,
  fronts,
  frontsOf,
  ownRouterFronts,
  type RunningFront,
  startStubRouter,
} from "./fronts.ts";
import type { PayloadName } from "./payloads.ts";
import type { SlicedFront, SliceOptions, SliceResult } from "./slice-load.ts";

/** How much is measured. */
export interface SliceTables {
  cycles: number;
  /** The executable of another build of crossproxy, measured in the same run. */
  beside: string | undefined;
}

/** The calls per second at which a payload is measured, and that of fronts which were just started. */
interface Rates {
  warm: readonly number[];
  fresh: number;
}

const SHORT: Rates = { warm: [300, 1500, 5000, 0], fresh: 1500 };
const LONG: Rates = { warm: [20, 60, 0], fresh: 20 };

const PAYLOADS: readonly [PayloadName, Rates][] = [
  ["32 B", SHORT],
  ["4 kB objects", SHORT],
  ["1 MB text", LONG],
];

/** How long a front that was just started is measured. */
const FRESH_MS = 10_000;

/** The lines of each table of slices, in Markdown. */
export async function* sliceTables({ cycles, beside }: SliceTables): AsyncGenerator<string[]> {
  const others = beside === undefined ? [] : Object.values(frontsOf(beside, "beside"));
  const measured = [
    ...[fronts.json, fronts.jsonWebSocket, fronts.jsonToCbor, fronts.msgpackToCbor, fronts.cbor],
    ...others,
    ...[fronts.bareRelay, fronts.nginx, fronts.haproxy],
  ].filter(({ isInstalled }) => isInstalled);
  for (const [payload, { warm, fresh }] of PAYLOADS) {
    yield await warmTable(payload, warm, measured, cycles);
    yield await freshTable(payload, fresh, measured);
  }
  yield await joinTable(measured, cycles);
  yield await ownRouterTable(cycles, beside);
}

/** The fronts are started once, and warm before the first slice. */
async function warmTable(
  payload: PayloadName,
  rates: readonly number[],
  measured: readonly Front[],
  cycles: number,
): Promise<string[]> {
  const cells = measured.map(({ name }) => [name]);
  await withFronts(measured, async (running) => {
    for (const rate of rates) {
      console.error(`Slices of ${payload} at ${rate === 0 ? "saturation" : `${rate} a second`}`);
      const load = {
        operation: "calls",
        payload,
        rate,
        cycles,
        sliceMs: 250,
        warmUpMs: 1500,
      } as const;
      addCells(cells, measured, await measureSlices(running, load));
    }
  });
  return table(`Slices of calls of ${payload}, warm`, columnsOf(rates), cells);
}

/** Each front is started for one slice alone. */
async function freshTable(
  payload: PayloadName,
  rate: number,
  measured: readonly Front[],
): Promise<string[]> {
  const results: SliceResult[] = [];
  for (const front of measured) {
    console.error(`First ${FRESH_MS / 1000} s of ${front.name} with ${payload}`);
    await withFronts([front], async (running) => {
      const load = {
        operation: "calls",
        payload,
        rate,
        sliceMs: FRESH_MS,
        cycles: 1,
        warmUpMs: 0,
      } as const;
      results.push(...(await measureSlices(running, load)));
    });
  }
  const cells = measured.map(({ name }) => [name]);
  addCells(cells, measured, results);
  const title = `The first ${FRESH_MS / 1000} s after the start, calls of ${payload}`;
  return table(title, columnsOf([rate]), cells);
}

/** Joins, as many as possible: connect, HELLO, WELCOME, GOODBYE, close. */
async function joinTable(measured: readonly Front[], cycles: number): Promise<string[]> {
  const cells = measured.map(({ name }) => [name]);
  await withFronts(measured, async (running) => {
    console.error("Slices of joins");
    const load = { operation: "joins", payload: "32 B", rate: 0, sliceMs: 500 } as const;
    addCells(cells, measured, await measureSlices(running, { ...load, cycles, warmUpMs: 2000 }));
  });
  return table("Slices of joins, warm", columnsOf([0]), cells);
}

const CLIENTS = [8, 64, 512];

/** Calls through a proxy to a router of the same node, as many as possible: the CPU time of either worker. */
async function ownRouterTable(cycles: number, beside: string | undefined): Promise<string[]> {
  const measured = ownRouterFronts();
  if (beside !== undefined) measured.push(...ownRouterFronts(beside, "beside"));
  const cells = measured.map(({ name }) => [name]);
  await withFronts(measured, async (running) => {
    for (const clients of CLIENTS) {
      console.error(`Slices of ${clients} clients before a router of the same node`);
      const load = { operation: "calls", payload: "32 B", rate: 0, clients, inflight: 2 } as const;
      const times = { cycles, sliceMs: 250, warmUpMs: 2000 };
      for (const [index, result] of (
        await measureSlices(running, { ...load, ...times })
      ).entries()) {
        const { cpuMicros, cpuQuartileMicros, p99Ms } = result;
        cells[index]?.push(cpuCell(cpuMicros, cpuQuartileMicros), fixed(p99Ms, 1));
      }
    }
  });
  const columns = CLIENTS.flatMap((clients) => [`${clients} clients: CPU-µs`, "p99 ms"]);
  return table("Slices of calls to a router of the same node", columns, cells);
}

async function withFronts(
  measured: readonly Front[],
  body: (running: SlicedFront[]) => Promise<void>,
): Promise<void> {
  const router = await startStubRouter();
  const running: RunningFront[] = [];
  try {
    for (const front of measured) running.push(await front.start(router));
    await body(
      running.map(({ url, pids }, index) => {
        const { serializer } = measured[index] as Front;
        return { url, serializer, pids };
      }),
    );
  } finally {
    await Promise.all(running.map((front) => front.stop()));
    await router.stop();
  }
}

/** What slices of each front have measured. */
export async function measureSlices(
  running: SlicedFront[],
  load: Omit<SliceOptions, "fronts" | "clients" | "inflight"> & Partial<SliceOptions>,
): Promise<SliceResult[]> {
  const options: SliceOptions = { fronts: running, clients: 6, inflight: 4, ...load };
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "slice-load.ts"), JSON.stringify(options)],
    { stdout: "pipe", stderr: "inherit", timeout: 600_000 },
  );
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error("Cannot measure slices");
  return JSON.parse(output) as SliceResult[];
}

/** The front with which the others are compared. */
const reference = fronts.nginx.isInstalled ? fronts.nginx : fronts.bareRelay;

/** Adds the cells of one rate to the row of each front. */
function addCells(cells: string[][], measured: readonly Front[], results: SliceResult[]): void {
  const { cpuMicros: compared } = results[measured.indexOf(reference)] as SliceResult;
  for (const [index, { cpuMicros, cpuQuartileMicros, p99Ms }] of results.entries()) {
    cells[index]?.push(
      cpuCell(cpuMicros, cpuQuartileMicros),
      fixed(cpuMicros === null || compared === null ? null : cpuMicros / compared, 2),
      fixed(p99Ms, 1),
    );
  }
}

function cpuCell(median: Figure, quartile: Figure): string {
  return `${fixed(median, 1)} / ${fixed(quartile, 1)}`;
}

/** Null: no operation was over in the slices, so that JSON has no number for it. */
type Figure = number | null;

function fixed(figure: Figure, digits: number): string {
  return figure?.toFixed(digits) ?? "none";
}

/** The columns of `addCells` for each of these rates. */
function columnsOf(rates: readonly number[]): string[] {
  return rates.flatMap((rate) => [
    rate === 0 ? "saturated: CPU-µs" : `${rate}/s: CPU-µs`,
    `x ${reference.name}`,
    "p99 ms",
  ]);
}

function table(
  title: string,
  columns: readonly string[],
  cells: readonly (readonly string[])[],
): string[] {
  return [
    `## ${title}`,
    "",
    `| front | ${columns.join(" | ")} |`,
    `|---|${columns.map(() => "---:|").join("")}`,
    ...cells.map((row) => `| ${row.join(" | ")} |`),
    "",
  ];
}
