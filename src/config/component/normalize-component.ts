/**
 * Components of containers and of router workers: from what is written to the normalized form.
 *
 * @module
 */

import { asMap, isRecord } from "#base/record.ts";
import { normalizeWebSocketEndpoint } from "#config/connection/normalize-connecting-transport.ts";
import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { normalizeConnecting } from "#config/endpoint/normalize-endpoint.ts";
import { supportedSerializers } from "#config/schema/serializers.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { CLIENT_OPTIONS } from "./client-options-schema.ts";
import type { ComponentConfig } from "./component-config.ts";
import type {
  ComponentTransportItem,
  ContainerComponentItem,
  RouterComponentItem,
} from "./component-schema.ts";
import type { PythonName } from "./process-config.ts";

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
  const { text: extra, ...others } = report.pythonValue([...path, "extra"], item.extra ?? {});
  const common = { realm: item.realm, extra, ...others };
  const load = (at: string | string[], wanted: PythonName) =>
    report.needPython([...path, ...[at].flat()], { kind: "python", wanted });
  switch (item.type) {
    case "class":
      load("classname", { name: item.classname });
      return { ...common, type: item.type, classname: item.classname };
    case "function": {
      const callbacks = { ...asMap(item.callbacks ?? {}) };
      for (const [event, name] of Object.entries(callbacks)) {
        load(["callbacks", event], { name });
      }
      return { ...common, type: item.type, callbacks };
    }
    case "wamplet":
      load("entrypoint", { package: item.package, entrypoint: item.entrypoint });
      return { ...common, type: item.type, package: item.package, entrypoint: item.entrypoint };
  }
}

function normalizeTransport(
  item: ComponentTransportItem,
  path: JsonPath,
  report: Report,
): Record<string, unknown> {
  const written = Object.entries(asMap<unknown>(item.options ?? {}));
  const options = Object.fromEntries(written.filter(([name]) => CLIENT_OPTIONS.includes(name)));
  if (item.type === "rawsocket") {
    const endpoint = normalizeConnecting(item.endpoint, [...path, "endpoint"], report);
    return {
      type: item.type,
      endpoint: endpointOf(endpoint),
      serializer: item.serializer,
      options,
    };
  }
  return {
    type: item.type,
    endpoint: endpointOf(normalizeWebSocketEndpoint(item, path, report)),
    url: item.url,
    serializers: supportedSerializers(item.serializers),
    options,
  };
}

/** An endpoint as the runner reads it: times in seconds, TLS by files. */
function endpointOf(endpoint: ConnectingEndpointConfig): object {
  const timeout = endpoint.timeoutMs / 1000;
  if (endpoint.type === "unix") return { type: "unix", path: endpoint.path, timeout };
  const { host, port, tls } = endpoint;
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
