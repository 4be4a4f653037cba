/**
 * The tables of slices of routers: all of them run side by side, and one at a time is loaded, for 200 ms each in random
 * order, so that other load of the machine is the same for all.
 *
 * @module
 */

import { type RouterFront, routers, startCallee, table } from "./routers.ts";
import type { SliceOptions } from "./slice-load.ts";
import { measureSlices, type SliceTables } from "./slices.ts";

type Load = Pick<SliceOptions, "operation" | "clients" | "inflight">;

const LOADS: readonly [title: string, load: Load][] = [
  ["calls of 8 clients", { operation: "calls", clients: 8, inflight: 4 }],
  ["calls of 512 clients", { operation: "calls", clients: 512, inflight: 1 }],
  ["events to 1 subscriber", { operation: "events", clients: 1, inflight: 1 }],
  ["events to 200 subscribers", { operation: "events", clients: 200, inflight: 1 }],
];

/** The lines of each table, in Markdown. */
export async function* routerSliceTables({
  cycles,
  beside,
}: SliceTables): AsyncGenerator<string[]> {
  const measured = routers(beside).filter(({ isInstalled }) => isInstalled);
  for (const [title, load] of LOADS) {
    console.error(`Slices of routers: ${title}`);
    yield await sliceTable(title, load, measured, cycles);
  }
}

async function sliceTable(
  title: string,
  load: Load,
  measured: readonly RouterFront[],
  cycles: number,
): Promise<string[]> {
  const ends: (() => Promise<void>)[] = [];
  try {
    const fronts = [];
    for (const router of measured) {
      const { url, pids, stop } = await router.start();
      ends.push(stop);
      if (load.operation === "calls") ends.push(endOf(await startCallee(url)));
      fronts.push({ url, pids, serializer: "json" as const });
    }
    const times = { payload: "32 B", rate: 0, cycles, sliceMs: 200, warmUpMs: 2500 } as const;
    const results = await measureSlices(fronts, { ...load, ...times });
    const [own] = results;
    const rows = results.map(({ perSecond, refusedShare, cpuMicros, cpuQuartileMicros }, index) => [
      measured[index]?.name ?? "",
      perSecond.toFixed(0),
      (100 * refusedShare).toFixed(1),
      cpuMicros.toFixed(1),
      cpuQuartileMicros.toFixed(1),
      ((own?.cpuMicros ?? Number.NaN) / cpuMicros).toFixed(2),
      ((own?.cpuQuartileMicros ?? Number.NaN) / cpuQuartileMicros).toFixed(2),
    ]);
    const columns =
      "per second | refused % | CPU-µs | first quartile | crossproxy's share | of the quartile";
    return table(`Slices of routers, ${title}`, columns, rows);
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
}

function endOf(callee: Bun.Subprocess): () => Promise<void> {
  return async () => {
    callee.kill();
    await callee.exited;
  };
}
