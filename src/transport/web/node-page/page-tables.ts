/**
 * The tables of the node's page: their heads, and their rows for given figures.
 *
 * The rows are a part of the page, and of the events that keep it up to date, so both are printed here.
 *
 * @module
 */

import type {
  NodeStatistics,
  RouterFigures,
  TrafficFigures,
  WorkerFigures,
  WorkerStatistics,
} from "#observe/statistics.ts";
import { printCount, printDuration, printOctets, printPercent } from "./page-numbers.ts";

/** One table. */
export interface PageTable {
  /** Of its section; those of its heading and its rows begin with it. */
  id: string;
  title: string;
  columns: readonly string[];
  /** The first cell of a row is its head. */
  rows(statistics: NodeStatistics): string[][];
  /** What is said in place of rows. */
  none: string;
}

/** The style of a cell by its word, which says the same without colours. */
const MARKED: Record<string, string> = {
  running: "good",
  up: "good",
  silent: "bad",
  failing: "bad",
  down: "bad",
  "not running": "bad",
  starting: "fair",
  "by hand": "fair",
  error: "bad",
};

const NOTHING = "–";

/** The tables, in the order of the page. */
export const PAGE_TABLES: readonly PageTable[] = [
  {
    id: "workers",
    title: "Workers",
    columns: [
      "Worker",
      "Type",
      "State",
      "Restarts",
      "Figures from",
      "Running for",
      "CPU",
      "Memory",
      "Messages from clients",
      "Messages to clients",
      "Waiting for clients",
    ],
    rows: ({ workers }) => workers.map(workerRow),
    none: "No workers.",
  },
  {
    id: "sessions",
    title: "Sessions",
    columns: ["Worker", "Realm", "Role", "Sessions"],
    rows: ({ workers }) => workers.flatMap((worker) => withFigures(worker, sessionRows)),
    none: "No sessions.",
  },
  {
    id: "routers",
    title: "Routers",
    columns: ["Worker", "Connection", "Health", "Sessions", "Marked down"],
    rows: ({ workers }) =>
      workers.flatMap((worker) =>
        withFigures(worker, ({ routers }) =>
          routers.map((router) => [
            worker.id,
            router.connection,
            router.health,
            printCount(router.sessions),
            printMarks(router),
          ]),
        ),
      ),
    none: "No worker is a proxy.",
  },
  {
    id: "joins",
    title: "Joins and cut-offs",
    columns: [
      "Worker",
      "Joins",
      "Refusals",
      "Slow clients cut off",
      "Ended for a slow router",
      "Messages left out",
      "Messages too late",
    ],
    rows: ({ workers }) => workers.flatMap((worker) => withFigures(worker, joinRow)),
    none: "No figures.",
  },
  {
    id: "refusals",
    title: "Refusals",
    columns: ["Worker", "Reason", "Clients"],
    rows: ({ workers }) =>
      workers.flatMap((worker) =>
        withFigures(worker, ({ sessions: { refusals } }) =>
          refusals.map(({ reason, count }) => [worker.id, reason, printCount(count)]),
        ),
      ),
    none: "No client was refused.",
  },
  {
    id: "transports",
    title: "Transports and paths",
    columns: ["Worker", "Transport", "Type", "Endpoint", "Path", "Service"],
    rows: ({ workers }) => workers.flatMap(transportRows),
    none: "No transports.",
  },
  {
    id: "warnings",
    title: "Latest warnings",
    columns: ["Time", "Worker", "Level", "Event", "Details"],
    rows: ({ warnings }) =>
      warnings.map(({ at, worker, level, event, fields }) => [
        at.slice(0, 19).replace("T", " "),
        worker ?? "controller",
        level,
        event,
        Object.entries(fields)
          .map(([name, value]) => `${name}=${value}`)
          .join(" ") || NOTHING,
      ]),
    none: "No warnings.",
  },
];

/** The rows of a table as HTML. */
export function printRows(table: PageTable, statistics: NodeStatistics): string {
  const rows = table.rows(statistics);
  if (rows.length === 0) return `<tr><td colspan="${table.columns.length}">${table.none}</td></tr>`;
  return rows.map(printRow).join("");
}

function printRow([head = "", ...cells]: string[]): string {
  return `<tr><th scope="row">${Bun.escapeHTML(head)}</th>${cells.map(printCell).join("")}</tr>`;
}

function printCell(text: string): string {
  const mark = MARKED[text];
  const style = mark === undefined ? "" : ` class="${mark}"`;
  return `<td${style}>${Bun.escapeHTML(text)}</td>`;
}

function workerRow({ id, type, state, restarts, ageSeconds, figures }: WorkerStatistics): string[] {
  const age = ageSeconds === null ? NOTHING : `${printDuration(ageSeconds)} ago`;
  const own =
    figures === null
      ? Array.from({ length: 6 }, () => NOTHING)
      : [
          printDuration(figures.uptimeSeconds),
          printPercent(figures.cpuPercent),
          printOctets(figures.residentOctets),
          printTraffic(figures.fromClients),
          printTraffic(figures.toClients),
          printOctets(figures.waitingOctets),
        ];
  return [id, type, state, printCount(restarts), age, ...own];
}

function printMarks({ routers, markedDown }: RouterFigures): string {
  if (markedDown === 0) return NOTHING;
  return routers === 1 ? "by hand" : `${printCount(markedDown)} of ${printCount(routers)} by hand`;
}

function printTraffic({ messages, octets }: TrafficFigures): string {
  return `${printCount(messages.perSecond)}/s (${printOctets(octets.perSecond)}/s)`;
}

/** Rows of a worker that has sent figures. */
function withFigures(
  worker: WorkerStatistics,
  rows: (figures: WorkerFigures, id: string) => string[][],
): string[][] {
  return worker.figures === null ? [] : rows(worker.figures, worker.id);
}

function sessionRows({ sessions }: WorkerFigures, id: string): string[][] {
  const { open, joined, roles, rolesLeftOut, sessionsLeftOut } = sessions;
  const rows = roles.map((role) => [
    id,
    role.realm ?? "not known",
    role.role ?? "not known",
    printCount(role.sessions),
  ]);
  if (rolesLeftOut > 0) {
    rows.push([id, `${printCount(rolesLeftOut)} more pairs`, NOTHING, printCount(sessionsLeftOut)]);
  }
  if (open > joined) rows.push([id, "not joined", NOTHING, printCount(open - joined)]);
  return rows;
}

function joinRow({ sessions, slowClients }: WorkerFigures, id: string): string[][] {
  const { joins, refusals, stalledRouters, messagesLeftOut, messagesLate } = sessions;
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  const counts = [joins, refused, slowClients, stalledRouters, messagesLeftOut, messagesLate];
  return [[id, ...counts.map(printCount)]];
}

function transportRows({ id, transports }: WorkerStatistics): string[][] {
  return transports.flatMap((transport) => {
    const secure = transport.tls ? ", TLS" : "";
    const endpoint = transport.port === null ? "Unix socket" : `port ${transport.port}${secure}`;
    const row = [id, transport.id, transport.type, endpoint];
    if (transport.paths.length === 0) return [[...row, NOTHING, NOTHING]];
    return transport.paths.map(({ path, type }) => [...row, path, type]);
  });
}
