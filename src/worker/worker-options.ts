/**
 * The options of its configuration that a worker applies to its own process: its name and its processors. The controller
 * applies the others.
 *
 * @module
 */

import { nameProcess, runOnProcessors } from "#base/process-settings.ts";
import type { WorkerOptions } from "#config/node/worker-options-config.ts";
import type { Logger } from "#observe/logger.ts";

/** Applies them before anything else is started, so that all that follows has them too. */
export function applyWorkerOptions(options: WorkerOptions | undefined, log: Logger): void {
  if (options === undefined) return;
  const { title, cpu_affinity: wanted } = options;
  if (title !== undefined && !nameProcess(title)) log.warn("title not honoured", { title });
  if (wanted.length === 0) return;
  const present = runOnProcessors(wanted);
  const isHonoured = present !== null && wanted.every((processor) => present.includes(processor));
  if (isHonoured) return;
  const allowed = present === null ? "not known" : present.join(",");
  log.warn("cpu_affinity not honoured", { cpu_affinity: wanted.join(","), runs_on: allowed });
}
