/**
 * The tables `pages`: the CPU time of Web requests and of WebSockets that open and close, on fronts that run side
 * by side.
 *
 * @module
 */

import { join } from "node:path";
import type { PageLoadOptions, PageLoadResult } from "./page-load.ts";
import type { SliceTables } from "./slices.ts";
import {
  bareWebServer,
  crossproxyFront,
  nginxPages,
  type RunningWebFront,
  type WebFront,
} from "./web-fronts.ts";

/** What is requested. */
const LOADS = [
  { title: "a value of 13 octets", path: "/value" },
  { title: "a file of 10 kB", path: "/files/page.html" },
  { title: "a file of 10 kB in an archive", path: "/archive/page.html" },
  { title: "WebSockets that open and close", path: "connect" },
] as const;

/** The lines of each table of pages, in Markdown. */
export async function* pageTables({ cycles, beside }: SliceTables): AsyncGenerator<string[]> {
  const fronts = [
    crossproxyFront("crossproxy"),
    ...(beside === undefined ? [] : [crossproxyFront("crossproxy, beside", beside)]),
    ...[bareWebServer, nginxPages],
  ].filter(({ isInstalled }) => isInstalled);
  const running: RunningWebFront[] = [];
  try {
    for (const front of fronts) running.push(await front.start());
    for (const { title, path } of LOADS) {
      console.error(`Slices of ${title}`);
      const rows = fronts.flatMap((front, index) =>
        path === "connect" && !front.hasWebSockets
          ? []
          : [{ front, running: running[index] as RunningWebFront }],
      );
      const load = {
        path,
        cycles,
        clients: 8,
        sliceMs: 250,
        warmUpMs: path === "connect" ? 5000 : 1500,
      };
      const measured = rows.map(({ running: { port, pids } }) => ({ port, pids }));
      yield tableOf(
        title,
        rows.map(({ front }) => front),
        await measure({ fronts: measured, ...load }),
      );
    }
  } finally {
    await Promise.all(running.map((front) => front.stop()));
  }
}

async function measure(options: PageLoadOptions): Promise<PageLoadResult[]> {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "page-load.ts"), JSON.stringify(options)],
    { stdout: "pipe", stderr: "inherit", timeout: 600_000 },
  );
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error("Cannot measure pages");
  return JSON.parse(output) as PageLoadResult[];
}

function tableOf(title: string, fronts: readonly WebFront[], results: PageLoadResult[]): string[] {
  const others = [bareWebServer, nginxPages].filter((front) => fronts.includes(front));
  const columns = ["per second", "CPU-µs", ...others.map(({ name }) => `x ${name}`)];
  const rows = fronts.map(({ name }, index) => {
    const { perSecond, cpuMicros, cpuQuartileMicros } = results[index] as PageLoadResult;
    const ratios = others.map((other) => {
      const { cpuQuartileMicros: compared } = results[fronts.indexOf(other)] as PageLoadResult;
      return (cpuQuartileMicros / compared).toFixed(2);
    });
    const cpu = `${cpuMicros.toFixed(1)} / ${cpuQuartileMicros.toFixed(1)}`;
    return `| ${[name, Math.round(perSecond), cpu, ...ratios].join(" | ")} |`;
  });
  return [
    `## Slices of ${title}, 8 clients`,
    "",
    `| front | ${columns.join(" | ")} |`,
    `|---|${columns.map(() => "---:|").join("")}`,
    ...rows,
    "",
  ];
}
