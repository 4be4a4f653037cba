/**
 * Normalizes the whole node.
 *
 * @module
 */

import { hostname } from "node:os";
import { asList, isRecord, textOr } from "#base/record.ts";
import { defaultsOf } from "#config/schema/attribute.ts";
import { warnUnhonoured } from "#config/schema/unhonoured.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { defaultTransportId } from "#config/transport/normalize-transport.ts";
import { CONTROLLER, checkEndpointConflicts, type PlacedEndpoint } from "./endpoint-conflicts.ts";
import type { AdminConfig, ControllerConfig, NodeConfig, TracesConfig } from "./node-config.ts";
import { controller, controllerOptions, type NodeItem } from "./node-schema.ts";
import { normalizeAdmin } from "./normalize-admin.ts";
import { normalizeTraces } from "./normalize-traces.ts";
import { normalizeWorker } from "./normalize-worker.ts";
import { checkOwnRouters } from "./own-router-rules.ts";
import type { PlacedWorker } from "./own-routers.ts";
import type { WorkerConfig } from "./worker-config.ts";

/** Fills in defaults, resolves files and variables, and reports what depends on more than one value. */
export function normalizeNode(item: NodeItem, file: string, report: Report): NodeConfig {
  if (item.controller !== undefined) {
    warnUnhonoured(controller, item.controller, ["controller"], report);
  }
  const workers: PlacedWorker[] = [];
  const ids = new Set<string>();
  const placed: PlacedEndpoint[] = [];
  const admin = adminOf(item, report);
  const traces = tracesOf(item, report);
  if (admin !== undefined) placed.push(placeAdmin(admin));
  asList(item.workers).forEach((worker, index) => {
    const path = ["workers", index];
    if (report.isMalformed([...path, "type"]) || !isRecord(worker)) return;
    const id = textOr(worker.id, `worker${String(index + 1).padStart(3, "0")}`);
    if (id === "controller") report.fault([...path, "id"], 'worker id "controller" is reserved');
    if (ids.has(id)) report.fault([...path, "id"], `worker id "${id}" is given twice`);
    ids.add(id);
    const config = normalizeWorker(worker, id, path, report);
    if (config === null) return;
    workers.push({ worker: config, path });
    placed.push(...placeEndpoints(config, worker, path));
  });
  checkEndpointConflicts(placed, report);
  checkOwnRouters(workers, report);
  const configs = workers.map(({ worker }) => worker);
  if (configs.length === 0) warnOfNoWorker(item, report);
  const id = item.controller?.id ?? defaultControllerId();
  if (item.controller?.id === undefined) warnOfDefaultId(workers, id, report);
  return {
    file,
    folder: report.folder,
    controller: {
      ...normalizeController(item, id, report),
      ...(admin && { admin }),
      ...(traces && { traces }),
    },
    workers: configs,
  };
}

/** A faulty one is reported as such. */
function adminOf({ controller }: NodeItem, report: Report): AdminConfig | undefined {
  const path = ["controller", "admin"];
  if (controller?.admin === undefined || report.isMalformed(path)) return undefined;
  return normalizeAdmin(controller.admin, path, report);
}

/** Faulty ones are reported as such. */
function tracesOf({ controller }: NodeItem, report: Report): TracesConfig | undefined {
  const path = ["controller", "traces"];
  if (controller?.traces === undefined || report.isMalformed(path)) return undefined;
  return normalizeTraces(controller.traces, path, report);
}

function placeAdmin({ endpoint }: AdminConfig): PlacedEndpoint {
  return { endpoint, path: ["controller", "admin", "endpoint"], workerId: CONTROLLER };
}

/** Faulty workers are reported as such, and do not count as missing. */
function warnOfNoWorker({ workers }: NodeItem, report: Report): void {
  if (report.isMalformed(["workers"]) || !Array.isArray(workers)) return;
  const isNone = workers.length === 0;
  const state = isNone ? "there is no worker" : "every worker is disabled or left out";
  report.warn(["workers"], `${state}, so that nothing runs`);
}

/** Endpoints with their paths; transports with faults are not among those of `worker`. */
function placeEndpoints(
  worker: WorkerConfig,
  written: NodeItem["workers"][number],
  path: JsonPath,
): PlacedEndpoint[] {
  if (worker.type === "guest" || worker.type === "container") return [];
  return worker.transports.map(({ id, endpoint }) => {
    if (written.type !== "router" && written.type !== "proxy") {
      return { endpoint, path: [...path, "transport", "endpoint"], workerId: worker.id };
    }
    const index = written.transports.findIndex(
      (item, at) => textOr(item?.id, defaultTransportId(at)) === id,
    );
    return { endpoint, path: [...path, "transports", index, "endpoint"], workerId: worker.id };
  });
}

/** Routers find the keys of a proxy by its node's id, which should not change with the machine's name. */
function warnOfDefaultId(workers: readonly PlacedWorker[], nodeId: string, report: Report): void {
  const sentence = `there is no controller.id, so that routers have to know this node as "${nodeId}"`;
  for (const { worker, path } of workers) {
    if (worker.type !== "proxy") continue;
    for (const { id, auth } of Object.values(worker.connections)) {
      if (auth !== "cryptosign-proxy") continue;
      report.warn([...path, "connections", id, "auth", "cryptosign-proxy"], sentence);
    }
  }
}

function normalizeController(
  { controller }: NodeItem,
  id: string,
  report: Report,
): ControllerConfig {
  const isUsable = !report.isMalformed(["controller", "options"]);
  const written = isUsable ? controller?.options : undefined;
  const { title, shutdown = [], ...others } = written ?? defaultsOf(controllerOptions);
  return {
    id,
    ...(title !== undefined && { title }),
    shutdown: typeof shutdown === "string" ? [shutdown] : shutdown,
    enable_parallel_worker_start: others.enable_parallel_worker_start,
    watchdog: others.watchdog,
    shutdownDelayMs: millisecondsOf(others.shutdown_delay),
    lameDuckMs: millisecondsOf(others.lame_duck_duration),
  };
}

function millisecondsOf(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** The machine's name, reduced to the characters of an id. */
function defaultControllerId(): string {
  const name = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, "_")
    .slice(0, 50);
  return /^[a-z]/.test(name) && name.length >= 3 ? name : `node_${name}`;
}
