/**
 * Normalizes `controller.admin`.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { readSecret } from "#config/auth/secret.ts";
import { normalizeListening } from "#config/endpoint/normalize-endpoint.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { AdminItem } from "./admin-schema.ts";
import type { AdminConfig, AdminEndpointConfig } from "./node-config.ts";

/** The normalized endpoint; a port that others can reach needs a token. */
export function normalizeAdmin(item: AdminItem, path: JsonPath, report: Report): AdminConfig {
  const endpoint = normalizeEndpoint(item.endpoint, [...path, "endpoint"], report);
  const { token, ready } = item;
  if (token === undefined && endpoint.type === "tcp" && !isLoopback(endpoint.interface)) {
    const sentence = `expected an address of this machine alone, or "token" beside the endpoint, found "${endpoint.interface}"`;
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
): AdminEndpointConfig {
  const common = { shared: false, share_with_other_nodes: false, proxy_protocol: false };
  const listening = normalizeListening(
    item.type === "tcp" ? { ...item, ...common } : item,
    path,
    report,
  );
  if (listening.type === "unix") return listening;
  const { port, interface: address } = listening;
  return { type: "tcp", port, interface: address };
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function isLoopback(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return address === "localhost";
  return loopback.check(address, version === 6 ? "ipv6" : "ipv4");
}
