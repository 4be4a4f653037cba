/**
 * Options of the processes of workers: of their own, of the environment, and of Python.
 *
 * @module
 */

import { isAbsolute, resolve } from "node:path";
import type { RestartMode, WorkerOptions } from "#config/node/worker-options-config.ts";
import { defaultsOf } from "#config/schema/attribute.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { EnvironmentConfig, PythonOptions } from "./process-config.ts";
import {
  DEFAULT_READY_TIMEOUT_MS,
  type EnvironmentItem,
  environment,
} from "./process-options-schema.ts";

/** Options of a process of components as written. */
interface PythonOptionsItem {
  python?: string | undefined;
  pythonpath?: string[] | undefined;
  env?: EnvironmentItem | undefined;
  title?: string | undefined;
  cpu_affinity?: number[] | undefined;
  ready_timeout?: number | undefined;
}

/** Options of the process of a worker as written. */
interface WorkerOptionsItem {
  title?: string | undefined;
  cpu_affinity?: number[] | undefined;
  env?: EnvironmentItem | undefined;
  restart?: RestartMode | undefined;
}

/** The environment of a process, with defaults filled in. */
export function normalizeEnvironment(item: EnvironmentItem | undefined): EnvironmentConfig {
  const { inherit, vars } = item ?? defaultsOf(environment);
  return { inherit, vars: { ...vars } };
}

/** The options of a process of components. */
export function normalizePythonOptions(
  item: PythonOptionsItem | undefined,
  path: JsonPath,
  report: Report,
): PythonOptions {
  const { python, pythonpath, env, title, cpu_affinity, ready_timeout } =
    item === undefined || report.isMalformed(path) ? {} : item;
  if (python !== undefined) checkInterpreter(python, [...path, "python"], report);
  const folders = (pythonpath ?? []).map((name) => resolve(report.folder, name));
  for (const [index, folder] of folders.entries()) {
    report.need([...path, "pythonpath", index], { kind: "folder", folder });
  }
  return {
    ...(python !== undefined && { python }),
    pythonpath: folders,
    env: normalizeEnvironment(env),
    ...(title !== undefined && { title }),
    cpu_affinity: cpu_affinity ?? [],
    ready_timeout: ready_timeout ?? DEFAULT_READY_TIMEOUT_MS,
  };
}

function checkInterpreter(python: string, path: JsonPath, report: Report): void {
  if (isAbsolute(python)) {
    report.need(path, { kind: "program", name: python, files: [python] });
  } else {
    report.fault(path, `expected an absolute path, found "${python}"`);
  }
}

/** The options of the process of a worker itself. */
export function normalizeWorkerOptions(
  item: WorkerOptionsItem | undefined,
  path: JsonPath,
  report: Report,
): WorkerOptions {
  const written = item === undefined || report.isMalformed(path) ? {} : item;
  const { title, cpu_affinity = [], env, restart = "on-failure" } = written;
  return {
    ...(title !== undefined && { title }),
    cpu_affinity,
    env: normalizeEnvironment(env),
    restart,
  };
}

/**
 * The options for the Python of a router or a proxy, whose paths have been read; those that it does not need are warned
 * of if they are set. `hasCode`: it runs components or authenticators, and not pages alone.
 */
export function normalizeWorkerPython(
  item: PythonOptionsItem | undefined,
  hasCode: boolean,
  path: JsonPath,
  report: Report,
): { options: PythonOptions; hasTemplates: boolean } {
  const { hasTemplates } = report;
  if (!hasCode) warnOfUnused(item, hasTemplates, path, report);
  // Title and processors are those of the worker itself.
  const { title: _, ...written } = (hasCode || hasTemplates ? item : undefined) ?? {};
  const options = normalizePythonOptions({ ...written, cpu_affinity: [] }, path, report);
  report.endWorker(options);
  return { options, hasTemplates };
}

function warnOfUnused(
  item: PythonOptionsItem | undefined,
  hasTemplates: boolean,
  path: JsonPath,
  report: Report,
): void {
  if (item === undefined || report.isMalformed(path)) return;
  const { python, pythonpath = [], ready_timeout } = item;
  const isSet = {
    python: python !== undefined && !hasTemplates,
    pythonpath: pythonpath.length > 0 && !hasTemplates,
    ready_timeout: ready_timeout !== undefined && ready_timeout !== DEFAULT_READY_TIMEOUT_MS,
  };
  const runs = hasTemplates ? "no components in Python" : "nothing in Python";
  for (const [name, isWritten] of Object.entries(isSet)) {
    if (!isWritten) continue;
    report.warn([...path, name], `not honoured: the worker runs ${runs}`);
  }
}
