/**
 * The page of the node as HTML, complete without JavaScript, and the parts of it that its script keeps up to date.
 *
 * The page loads nothing: its style sheet, its script and the library of its charts are within it.
 *
 * @module
 */

import chartScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import chartStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import type { NodeStatistics, WorkerFigures, WorkerStatistics } from "#observe/statistics.ts";
import { htmlDocument } from "#transport/http/html-page.ts";
import { scriptedPageHeaders } from "#transport/http/page-headers.ts";
import { printDuration, printOctets, printPercent } from "./page-numbers.ts";
import pageScript from "./page-script.js" with { type: "text" };
import pageStyle from "./page-style.css" with { type: "text" };
import { PAGE_TABLES, type PageTable, printRows } from "./page-tables.ts";

const STYLE = `${chartStyle}\n${pageStyle}`;
const SCRIPT = `${chartScript}\n${pageScript}`;

/** Without it a browser would ask for one. */
const NO_ICON = '<link rel="icon" href="data:,">\n';

/** The headers of the page. */
export const PAGE_DOCUMENT_HEADERS = scriptedPageHeaders(STYLE, SCRIPT);

/** What the script shows of new figures. */
export interface PageUpdate {
  /** HTML by the id of the element that it is in. */
  parts: Record<string, string>;
  /** The next point of each chart: rates of both directions by worker; null: the worker is not heard of. */
  rates: { worker: string; messages: number | null; octets: number | null }[];
}

/** What the script shows of these figures. */
export function pageUpdateOf(statistics: NodeStatistics, answeredBy: string): PageUpdate {
  const rows = PAGE_TABLES.map((table) => [`${table.id}-rows`, printRows(table, statistics)]);
  return {
    parts: { facts: printFacts(statistics, answeredBy), ...Object.fromEntries(rows) },
    rates: statistics.workers.flatMap((worker) =>
      worker.figures === null ? [] : [pointOf(worker, worker.figures)],
    ),
  };
}

function pointOf(
  { id, state }: WorkerStatistics,
  { fromClients, toClients }: WorkerFigures,
): PageUpdate["rates"][number] {
  if (state !== "running") return { worker: id, messages: null, octets: null };
  return {
    worker: id,
    messages: fromClients.messages.perSecond + toClients.messages.perSecond,
    octets: fromClients.octets.perSecond + toClients.octets.perSecond,
  };
}

/** The page for these figures; `answeredBy` is the worker that serves it. */
export function printPage(statistics: NodeStatistics, answeredBy: string): string {
  const name = Bun.escapeHTML(statistics.node);
  const { parts } = pageUpdateOf(statistics, answeredBy);
  const body = `<header>
<h1>Node ${name}</h1>
<p id="live" role="status">Reload the page for newer figures.</p>
</header>
<main>
<section id="node" aria-labelledby="node-title">
<h2 id="node-title">Node</h2>
<dl id="facts">${parts["facts"]}</dl>
</section>
<section id="charts" aria-labelledby="charts-title" hidden>
<h2 id="charts-title">Messages and octets</h2>
<h3 id="chart-messages-title">Messages per second, both ways</h3>
<div id="chart-messages" class="chart" role="img" aria-labelledby="chart-messages-title"></div>
<h3 id="chart-octets-title">Octets per second, both ways</h3>
<div id="chart-octets" class="chart" role="img" aria-labelledby="chart-octets-title"></div>
</section>
${PAGE_TABLES.map((table) => printSection(table, parts)).join("\n")}
</main>
<footer>
<p>The same as <a href="?format=json">JSON</a>.</p>
</footer>
<script>${SCRIPT}</script>`;
  const title = `${name} – node of crossproxy`;
  return htmlDocument({ title, head: NO_ICON, style: STYLE }, body);
}

function printSection({ id, title, columns }: PageTable, parts: PageUpdate["parts"]): string {
  const heads = columns.map((column) => `<th scope="col">${column}</th>`).join("");
  // A table that is wider than the window is scrolled, with the keyboard too.
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<div class="scrolled" role="group" aria-labelledby="${id}-title" tabindex="0">
<table>
<thead><tr>${heads}</tr></thead>
<tbody id="${id}-rows">${parts[`${id}-rows`]}</tbody>
</table>
</div>
</section>`;
}

function printFacts(statistics: NodeStatistics, answeredBy: string): string {
  const { controller, release, at, warningsInAll } = statistics;
  const facts: [string, string][] = [
    ["Release", `crossproxy ${release}`],
    ["Figures of", `${at.slice(0, 19).replace("T", " ")} UTC`],
    ["Answered by", answeredBy],
    ["Running for", printDuration(controller.uptimeSeconds)],
    ["CPU of the controller", printPercent(controller.cpuPercent)],
    ["Memory of the controller", printOctets(controller.residentOctets)],
    ["Warnings in all", String(warningsInAll)],
  ];
  return facts
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${Bun.escapeHTML(value)}</dd></div>`)
    .join("");
}
