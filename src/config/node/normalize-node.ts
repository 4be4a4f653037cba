/**
 * The whole node: from what is written to the normalized form.
 *
 * @module
 */

import { hostname } from "node:os";
import type { NodeConfig, WorkerConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { checkEndpointConflicts, type PlacedEndpoint } from "./endpoint-conflicts.ts";
import type { NodeItem } from "./node-schema.ts";
import { normalizeWorker } from "./normalize-worker.ts";
import { checkOwnRouters, type PlacedWorker } from "./own-router-rules.ts";

/** Fills in defaults, resolves files and variables, and reports what the schema cannot see. */
export function normalizeNode(item: NodeItem, file: string, report: Report): NodeConfig {
  warnController(item.controller, report);
  const workers: PlacedWorker[] = [];
  const ids = new Set<string>();
  const placed: PlacedEndpoint[] = [];
  const items = Array.isArray(item.workers) ? item.workers : [];
  items.forEach((worker, index) => {
    const path = ["workers", index];
    if (report.isMisshapen([...path, "type"]) || typeof worker !== "object" || worker === null)
      return;
    const id = worker.id ?? `worker${String(index + 1).padStart(3, "0")}`;
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
  const controller = { id: item.controller?.id ?? defaultControllerId() };
  if (item.controller?.id === undefined) warnNodeId(items, configs, controller.id, report);
  return { file, folder: report.folder, controller, workers: configs };
}

/** Endpoints with their places; transports that were left out are skipped by their index. */
function placeEndpoints(
  worker: WorkerConfig,
  written: NodeItem["workers"][number],
  path: JsonPath,
): PlacedEndpoint[] {
  return worker.transports.map(({ id, endpoint }) => {
    if (written.type === "websocket-testee") {
      return { endpoint, path: [...path, "transport", "endpoint"], workerId: worker.id };
    }
    const index = written.transports.findIndex(
      (item, at) => (item?.id ?? `transport${String(at).padStart(3, "0")}`) === id,
    );
    return { endpoint, path: [...path, "transports", index, "endpoint"], workerId: worker.id };
  });
}

/** Routers know a node that signs by its id, which should not change with the name of the machine. */
function warnNodeId(
  items: NodeItem["workers"],
  workers: readonly WorkerConfig[],
  nodeId: string,
  report: Report,
): void {
  const signs = (worker: WorkerConfig) =>
    worker.type === "proxy" &&
    Object.values(worker.connections).some(({ auth }) => auth === "cryptosign-proxy");
  if (!workers.some(signs)) return;
  items.forEach((item, index) => {
    if (item?.type !== "proxy") return;
    for (const [id, connection] of Object.entries(item.connections ?? {})) {
      if (connection?.auth?.["cryptosign-proxy"] === undefined) continue;
      report.warn(
        ["workers", index, "connections", id, "auth", "cryptosign-proxy"],
        `there is no controller.id, so that routers have to know this node as "${nodeId}"`,
      );
    }
  });
}

function warnController(controller: NodeItem["controller"], report: Report): void {
  const options = controller?.options;
  for (const name of ["title", "shutdown"] as const) {
    if (options?.[name] !== undefined) {
      report.warn(["controller", "options", name], "not honoured: the program's own rule applies");
    }
  }
  if (options?.enable_parallel_worker_start === true) {
    report.warn(
      ["controller", "options", "enable_parallel_worker_start"],
      "not honoured: workers are started one after the other",
    );
  }
  for (const name of Object.keys(controller ?? {}).filter(
    (name) => name !== "id" && name !== "options",
  )) {
    report.warn(["controller", name], "not honoured: it has no meaning for this program");
  }
}

/** The machine's name in the characters that an id may have. */
function defaultControllerId(): string {
  const name = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, "_")
    .slice(0, 50);
  return /^[a-z]/.test(name) && name.length >= 3 ? name : `node_${name}`;
}
