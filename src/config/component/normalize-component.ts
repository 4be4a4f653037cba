/**
 * Components and the options of their process: from what is written to the normalized form.
 *
 * @module
 */

import { isAbsolute, resolve } from "node:path";
import { asMap, isRecord } from "#base/record.ts";
import { normalizeConnecting } from "#config/endpoint/normalize-endpoint.ts";
import type {
  ComponentConfig,
  ConnectingEndpointConfig,
  EnvironmentConfig,
  PythonOptions,
} from "#config/node-config.ts";
import { supportedSerializers } from "#config/schema/primitive.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { CLIENT_OPTIONS } from "./client-options-schema.ts";
import type {
  ComponentTransportItem,
  ContainerComponentItem,
  RouterComponentItem,
} from "./component-schema.ts";
import type { EnvironmentItem } from "./process-options-schema.ts";

/** The router worker itself has to be ready within 30 seconds. */
const DEFAULT_READY_TIMEOUT_MS = 20_000;

/** Options of a process of components as written. */
interface PythonOptionsItem {
  python?: string | undefined;
  pythonpath?: string[] | undefined;
  env?: EnvironmentItem | undefined;
  title?: string | undefined;
  cpu_affinity?: number[] | undefined;
  ready_timeout?: number | undefined;
}

/** The environment of a process, with defaults filled in. */
export function normalizeEnvironment(item: EnvironmentItem | undefined): EnvironmentConfig {
  return { inherit: item?.inherit ?? true, vars: { ...asMap(item?.vars ?? {}) } };
}

/** The options of a process of components. */
export function normalizePythonOptions(
  item: PythonOptionsItem | undefined,
  path: JsonPath,
  report: Report,
): PythonOptions {
  const { python, pythonpath, env, title, cpu_affinity, ready_timeout } =
    item === undefined || report.isMalformed(path) ? {} : item;
  if (python !== undefined && !isAbsolute(python)) {
    report.fault([...path, "python"], `expected an absolute path, found "${python}"`);
  }
  if (python !== undefined && isAbsolute(python)) {
    report.need([...path, "python"], { kind: "program", name: python, files: [python] });
  }
  for (const [index, name] of (pythonpath ?? []).entries()) {
    const folder = resolve(report.folder, name);
    report.need([...path, "pythonpath", index], { kind: "folder", folder });
  }
  return {
    ...(python !== undefined && { python }),
    pythonpath: (pythonpath ?? []).map((folder) => resolve(report.folder, folder)),
    env: normalizeEnvironment(env),
    ...(title !== undefined && { title }),
    cpu_affinity: cpu_affinity ?? [],
    ready_timeout: ready_timeout ?? DEFAULT_READY_TIMEOUT_MS,
  };
}

/** The options for the Python of a router or a proxy, which warns of them where it runs none. */
export function normalizeWorkerPython(
  item: PythonOptionsItem | undefined,
  isPythonRun: boolean,
  path: JsonPath,
  report: Report,
): PythonOptions {
  const { python, pythonpath = [], env, ready_timeout = DEFAULT_READY_TIMEOUT_MS } = item ?? {};
  const isSet = {
    python: python !== undefined,
    pythonpath: pythonpath.length > 0,
    env: env !== undefined,
    ready_timeout: ready_timeout !== DEFAULT_READY_TIMEOUT_MS,
  };
  for (const [name, isWritten] of Object.entries(isPythonRun ? {} : isSet)) {
    if (!isWritten || report.isMalformed(path)) continue;
    report.warn([...path, name], "not honoured: the worker runs nothing in Python");
  }
  // Title and processors are of the worker itself in Crossbar, and are warned of.
  const { title: _, ...options } = normalizePythonOptions(item, path, report);
  return { ...options, cpu_affinity: [] };
}

/** The components of a container; those with faults are left out. */
export function normalizeContainerComponents(
  items: readonly ContainerComponentItem[],
  path: JsonPath,
  report: Report,
): ComponentConfig[] {
  return normalizeComponents(items, path, report, (item, at) => ({
    ...whatRuns(item, at, report),
    transport: normalizeTransport(item.transport, [...at, "transport"], report),
  }));
}

/** The realms and roles of the worker that runs components. */
interface OwnRealms {
  isRealmKnown(realm: string): boolean;
  isRoleKnown(role: string, realm: string): boolean;
}

/** The components of a router worker, which join its own realms. */
export function normalizeRouterComponents(
  items: readonly RouterComponentItem[],
  path: JsonPath,
  report: Report,
  { isRealmKnown, isRoleKnown }: OwnRealms,
): ComponentConfig[] {
  return normalizeComponents(items, path, report, (item, at) => {
    const { realm, role } = item;
    if (!isRealmKnown(realm)) {
      report.fault([...at, "realm"], `this worker has no realm "${realm}"`);
    } else if (role !== "trusted" && !isRoleKnown(role, realm)) {
      const sentence = `realm "${realm}" has no role "${role}"; this component may do nothing`;
      report.warn([...at, "role"], sentence);
    }
    return { ...whatRuns(item, at, report), role: item.role, transport: {} };
  });
}

function normalizeComponents<Item extends ContainerComponentItem | RouterComponentItem>(
  items: readonly Item[],
  path: JsonPath,
  report: Report,
  normalize: (item: Item, at: JsonPath) => Omit<ComponentConfig, "id">,
): ComponentConfig[] {
  const ids = new Set<string>();
  return items.flatMap((item, index) => {
    const at = [...path, index];
    if (report.isMalformed(at) || !isRecord(item)) return [];
    const id = item.id ?? `component${String(index + 1).padStart(3, "0")}`;
    if (ids.has(id)) report.fault([...at, "id"], `component id "${id}" is given twice`);
    ids.add(id);
    return [{ id, ...normalize(item, at) }];
  });
}

function whatRuns(
  item: ContainerComponentItem | RouterComponentItem,
  path: JsonPath,
  report: Report,
) {
  const extra = report.jsonText([...path, "extra"], item.extra ?? {});
  const common = { realm: item.realm, extra };
  switch (item.type) {
    case "class":
      report.load([...path, "classname"], { name: item.classname });
      return { ...common, type: item.type, classname: item.classname };
    case "function": {
      const callbacks = { ...asMap(item.callbacks ?? {}) };
      for (const [event, name] of Object.entries(callbacks)) {
        report.load([...path, "callbacks", event], { name });
      }
      return { ...common, type: item.type, callbacks };
    }
    case "wamplet":
      report.load([...path, "entrypoint"], { package: item.package, entrypoint: item.entrypoint });
      return { ...common, type: item.type, package: item.package, entrypoint: item.entrypoint };
  }
}

function normalizeTransport(
  item: ComponentTransportItem,
  path: JsonPath,
  report: Report,
): Record<string, unknown> {
  const endpoint = endpointOf(
    normalizeConnecting(item.endpoint, [...path, "endpoint"], report),
    item.type === "websocket" && item.url.startsWith("wss:"),
  );
  const written = Object.entries(asMap<unknown>(item.options ?? {}));
  const options = Object.fromEntries(written.filter(([name]) => CLIENT_OPTIONS.includes(name)));
  return item.type === "websocket"
    ? {
        type: item.type,
        endpoint,
        url: item.url,
        serializers: supportedSerializers(item.serializers),
        options,
      }
    : { type: item.type, endpoint, serializer: item.serializer, options };
}

/** An endpoint as the runner reads it: times in seconds, TLS by files. */
function endpointOf(endpoint: ConnectingEndpointConfig, isSecureUrl: boolean): object {
  const timeout = endpoint.timeoutMs / 1000;
  if (endpoint.type === "unix") return { type: "unix", path: endpoint.path, timeout };
  const { host, port, tls = isSecureUrl ? {} : undefined } = endpoint;
  return {
    type: "tcp",
    host,
    port,
    timeout,
    ...(tls && {
      tls: {
        hostname: tls.hostname ?? host,
        ca_certificates: tls.ca_certificates ?? [],
        ...(tls.own && { certificate: tls.own.certificate, key: tls.own.key }),
      },
    }),
  };
}
