/**
 * The table that `start` prints once everything listens: each worker, and where it listens.
 *
 * @module
 */

import type { ReadyWorker } from "./node-controller.ts";

/** Prints the table, one line per URL, with a line feed at its end. */
export function printReadyTable(workers: readonly ReadyWorker[]): string {
  const rows = workers.flatMap(({ id, type, pid, urls }) => {
    const [first = "(nothing)", ...others] = urls;
    return [[id, type, String(pid), first], ...others.map((url) => ["", "", "", url])];
  });
  const table = [["worker", "type", "pid", "listens on"], ...rows];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? "").length)),
  );
  return table
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => `${line}\n`)
    .join("");
}
