/**
 * What `start` prints once everything listens: each worker, and where it listens.
 *
 * @module
 */

import { printTable } from "#base/text-table.ts";
import type { Logger } from "#observe/logger.ts";
import type { ReadyWorker } from "./node-controller.ts";

/** Prints the table, one line per URL, with a line feed at its end. */
export function printReadyTable(workers: readonly ReadyWorker[]): string {
  const rows = workers.flatMap(({ id, type, pid, urls }) => {
    const [first = "(nothing)", ...others] = urls;
    return [[id, type, String(pid), first], ...others.map((url) => ["", "", "", url])];
  });
  return printTable([["worker", "type", "pid", "listens on"], ...rows]);
}

/** The same for a log whose every line is a record. */
export function logReadyWorkers(workers: readonly ReadyWorker[], log: Logger): void {
  for (const { id, type, pid, urls } of workers) {
    log.info("worker listens", { id, type, worker_pid: pid, urls: urls.join(" ") });
  }
  log.info("node started", { workers: workers.length });
}
