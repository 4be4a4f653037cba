/**
 * Normalizes `controller.admin`.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { readSecret } from "#config/auth/secret.ts";
import type {
  ListeningEndpointConfig,
  ListeningTcpConfig,
} from "#config/endpoint/endpoint-config.ts";
import { normalizeListening } from "#config/endpoint/normalize-endpoint.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { AdminItem } from "./admin-schema.ts";
import type { AdminConfig } from "./node-config.ts";

/** The normalized endpoint; a port that others can reach needs a token, or certificates of its clients. */
export function normalizeAdmin(item: AdminItem, path: JsonPath, report: Report): AdminConfig {
  const endpoint = normalizeEndpoint(item.endpoint, [...path, "endpoint"], report);
  const { token, ready } = item;
  if (token === undefined && isOpenToOthers(endpoint)) {
    const sentence = `expected an address of this machine alone, or "token" beside the endpoint, or "ca_certificates" in its "tls", found "${endpoint.interface}"`;
    report.fault([...path, "endpoint", "interface"], sentence);
  }
  return {
    endpoint,
    token: token === undefined ? null : readSecret(token, [...path, "token"], report),
    routers: ready?.routers ?? "any",
  };
}

function normalizeEndpoint(
  item: AdminItem["endpoint"],
  path: JsonPath,
  report: Report,
): ListeningEndpointConfig {
  const common = { shared: false, share_with_other_nodes: false, proxy_protocol: false };
  return normalizeListening(item.type === "tcp" ? { ...item, ...common } : item, path, report);
}

/** Whether it listens beyond this machine, for clients of which nothing is asked. */
function isOpenToOthers(endpoint: ListeningEndpointConfig): endpoint is ListeningTcpConfig {
  return (
    endpoint.type === "tcp" &&
    endpoint.tls?.ca_certificates === undefined &&
    !isLoopback(endpoint.interface)
  );
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return address === "localhost";
  return loopback.check(address, version === 6 ? "ipv6" : "ipv4");
}
