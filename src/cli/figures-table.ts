/**
 * The figures of a node as text: its workers, the routers behind them, and its latest warnings.
 *
 * @module
 */

import { escapeUnprintable } from "#base/printable.ts";
import { printTable } from "#base/text-table.ts";
import type { NodeStatistics, NodeWarning, WorkerStatistics } from "#observe/statistics.ts";

/** Warnings that are shown. */
const WARNINGS = 5;

/** Prints the figures, as lines that each end with a line feed. */
export function printFigures(statistics: NodeStatistics): string {
  const { node, release, at, controller, workers, warnings, warningsInAll } = statistics;
  const head = `${node}  crossproxy ${release}  ${at.slice(0, 19)}Z  up ${controller.uptimeSeconds} s`;
  const parts = [`${head}\n`, printTable([WORKER_HEAD, ...workers.map(workerRow)])];
  const routers = workers.flatMap(routerRows);
  if (routers.length > 0) parts.push(printTable([ROUTER_HEAD, ...routers]));
  if (warningsInAll > 0) {
    const lines = warnings.slice(0, WARNINGS).map((warning) => `${printWarning(warning)}\n`);
    parts.push(`warnings: ${warningsInAll}\n${lines.join("")}`);
  }
  return parts.join("\n");
}

const WORKER_HEAD = [
  "worker",
  "type",
  "state",
  "restarts",
  "CPU %",
  "MiB",
  "sessions",
  "joins",
  "msg/s in",
  "msg/s out",
  "kB/s in",
  "kB/s out",
];

function workerRow({ id, type, state, restarts, figures }: WorkerStatistics): string[] {
  const known = [id, type, state, String(restarts)];
  // Guests and containers have no figures.
  if (figures === null) return known;
  const { cpuPercent, residentOctets, sessions, fromClients, toClients } = figures;
  const numbers = [
    cpuPercent,
    residentOctets / 2 ** 20,
    sessions.joined,
    sessions.joins,
    fromClients.messages.perSecond,
    toClients.messages.perSecond,
    fromClients.octets.perSecond / 1000,
    toClients.octets.perSecond / 1000,
  ];
  return [...known, ...numbers.map((number) => String(Math.round(number)))];
}

const ROUTER_HEAD = ["worker", "connection", "router", "sessions", "marked down"];

function routerRows({ id, figures }: WorkerStatistics): string[][] {
  const routers = figures?.routers ?? [];
  return routers.map(({ connection, health, sessions, routers, markedDown }) => [
    id,
    connection,
    health,
    String(sessions),
    markedDown === 0 ? "" : `${markedDown} of ${routers}`,
  ]);
}

function printWarning({ at, worker, event, fields }: NodeWarning): string {
  const values = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  const text = [at.slice(0, 19), worker ?? "controller", event, ...values].join(" ");
  return escapeUnprintable(text);
}
