/**
 * Normalizes workers; a disabled worker is skipped.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import { normalizeContainer } from "#config/component/normalize-container.ts";
import { normalizeWorkerOptions } from "#config/component/normalize-process-options.ts";
import { normalizeGuest } from "#config/guest/normalize-guest.ts";
import { warnUnhonoured } from "#config/schema/unhonoured.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { variableIn } from "#config/text/environment-variable.ts";
import type { Report } from "#config/text/report.ts";
import { normalizeTestee } from "#config/transport/normalize-testee.ts";
import { defaultTransportId } from "#config/transport/normalize-transport.ts";
import { type WorkerItem, worker } from "./node-schema.ts";
import { normalizeProxy } from "./normalize-proxy.ts";
import { normalizeRouter } from "./normalize-router.ts";
import type { WebSocketTesteeWorkerConfig, WorkerConfig } from "./worker-config.ts";

/** The normalized worker; null for one that is disabled, or whose faults leave nothing to run. */
export function normalizeWorker(
  item: WorkerItem,
  id: string,
  path: JsonPath,
  report: Report,
): WorkerConfig | null {
  const disabled: unknown = isRecord(item.options) ? item.options["disabled"] : undefined;
  if (isDisabled(disabled, report)) {
    report.disregard(path);
    warnOfDisabled(disabled, path, report);
    return null;
  }
  warnOfDisabled(disabled, path, report);
  warnUnhonoured(worker, item, path, report);
  switch (item.type) {
    case "router":
      return normalizeRouter(item, id, path, report);
    case "proxy":
      return normalizeProxy(item, id, path, report);
    case "container":
      return normalizeContainer(item, id, path, report);
    case "guest":
      return normalizeGuest(item, id, path, report);
    case "websocket-testee":
      return normalizeTesteeWorker(item, id, path, report);
    default:
      // A type of Crossbar that this program does not have; `warnUnhonoured` has named it.
      return null;
  }
}

/** `options.disabled`: any value that counts as true; of texts and variables, as in Crossbar, any but an empty one. */
function isDisabled(value: unknown, report: Report): boolean {
  return Boolean(typeof value === "string" ? settingOf(value, report) : value);
}

/** The text itself, or what its variable is set to; undefined: the variable is not set. */
function settingOf(text: string, { env }: Report): string | undefined {
  const variable = variableIn(text);
  return variable === null ? text : env[variable];
}

function warnOfDisabled(value: unknown, path: JsonPath, report: Report): void {
  if (typeof value !== "string") return;
  const at = [...path, "options", "disabled"];
  const setting = settingOf(value, report);
  if (setting === undefined) {
    const sentence = `environment variable ${variableIn(value)} is not set, so the worker is started`;
    report.warn(at, sentence);
  } else if (["0", "false", "no", "off"].includes(setting.toLowerCase())) {
    report.warn(at, `the text "${setting}" counts as true, so the worker is not started`);
  }
}

function normalizeTesteeWorker(
  item: Extract<WorkerItem, { type: "websocket-testee" }>,
  id: string,
  path: JsonPath,
  report: Report,
): WebSocketTesteeWorkerConfig | null {
  const at = [...path, "transport"];
  if (report.isMalformed(at) || !isRecord(item.transport)) return null;
  const transportId = item.transport.id ?? defaultTransportId(0);
  const transport = normalizeTestee(item.transport, transportId, at, report);
  const options = normalizeWorkerOptions(item.options, [...path, "options"], report);
  return { type: "websocket-testee", id, options, transports: [transport] };
}
