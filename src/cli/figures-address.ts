/**
 * Where a node of this machine that takes no commands gives its figures: at its admin endpoint, unless that asks for
 * certificates of its clients, or else at the first path of type `nodeinfo` in its configuration that can be asked without
 * TLS, and not through a load balancer.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { AdminConfig, ControllerConfig, NodeConfig } from "#config/node/node-config.ts";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import type {
  NodeInfoServiceConfig,
  WebServiceConfig,
} from "#config/web-service/web-service-config.ts";

/** Where figures are, and what is asked for there. */
export interface FiguresAddress {
  url: string;
  /** The socket through which it is asked; null: over TCP. */
  unix: string | null;
  /** Null: it asks for none. */
  token: string | null;
}

/** The address; null: there is none. */
export function figuresAddress({ controller, workers }: ConfiguredNode): FiguresAddress | null {
  const { admin } = controller;
  const ofAdmin = admin && adminAddress(admin);
  return ofAdmin ?? workers.flatMap(transportsOf).flatMap(pagesOf)[0] ?? null;
}

type ConfiguredNode = { controller: Pick<ControllerConfig, "admin"> } & Pick<NodeConfig, "workers">;

function adminAddress({ endpoint, token }: AdminConfig): FiguresAddress | null {
  const unix = endpoint.type === "unix" ? endpoint.path : null;
  const tls = endpoint.type === "tcp" ? endpoint.tls : undefined;
  if (tls?.ca_certificates !== undefined) return null;
  const scheme = tls === undefined ? "http" : "https";
  return { url: `${scheme}://${hostOf(endpoint)}/figures`, unix, token };
}

function transportsOf(worker: WorkerConfig): TransportConfig[] {
  return "transports" in worker ? worker.transports : [];
}

function pagesOf(transport: TransportConfig): FiguresAddress[] {
  if (transport.type !== "web" && transport.type !== "universal") return [];
  const { endpoint, paths } = transport;
  const isPlain = endpoint.type === "unix" || !(endpoint.tls ?? endpoint.trusted_proxies);
  if (!isPlain) return [];
  return nodeInfosIn(paths ?? {}, "").map(({ path, service }) => ({
    url: `http://${hostOf(endpoint)}${path}`,
    unix: endpoint.type === "unix" ? endpoint.path : null,
    token: service.token,
  }));
}

function nodeInfosIn(
  paths: Record<string, WebServiceConfig>,
  above: string,
): { path: string; service: NodeInfoServiceConfig }[] {
  return Object.entries(paths).flatMap(([name, service]) => {
    const path = name === "/" ? above : `${above}/${name}`;
    if (service.type === "path") return nodeInfosIn(service.paths, path);
    return service.type === "nodeinfo" ? [{ path: path || "/", service }] : [];
  });
}

function hostOf(endpoint: ListeningEndpointConfig): string {
  if (endpoint.type === "unix") return "localhost";
  const { interface: address, port } = endpoint;
  if (address === "0.0.0.0") return `127.0.0.1:${port}`;
  if (address === "::") return `[::1]:${port}`;
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
