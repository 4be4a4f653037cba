/**
 * Endpoints: from what is written to the normalized form, with files and variables resolved.
 *
 * @module
 */

import { resolve } from "node:path";
import type * as v from "valibot";
import type { JsonPath } from "./config-issue.ts";
import type { ConnectingEndpointConfig, ListeningEndpointConfig } from "./node-config.ts";
import { normalizeConnectingTls, normalizeListeningTls } from "./normalize-tls.ts";
import type { Report } from "./report.ts";
import type { connectingEndpoint, listeningEndpoint, listeningTcp } from "./schema/endpoint.ts";

/** Longest socket file name, in octets, that the operating system takes. */
const maxSocketPath = 107;

/** What Bun gives every listening socket; it has no option for it. */
const platformBacklog = 512;

/** The normalized listening endpoint. */
export function normalizeListening(
  item: v.InferOutput<typeof listeningEndpoint>,
  path: JsonPath,
  report: Report,
): ListeningEndpointConfig {
  if (item.backlog !== undefined && item.backlog !== platformBacklog) {
    const consequence = `${platformBacklog} connections may wait to be accepted`;
    report.warn([...path, "backlog"], `not honoured: ${consequence}`);
  }
  if (item.type === "unix") {
    return {
      type: "unix",
      path: socketFile(item.path, [...path, "path"], report),
      permission: Number.parseInt(item.permission, 8),
    };
  }
  if (item.user_timeout !== undefined) {
    report.warn([...path, "user_timeout"], "not honoured: the system's own timeout applies");
  }
  const tls = item.tls && normalizeListeningTls(item.tls, [...path, "tls"], report);
  return {
    type: "tcp",
    port:
      typeof item.port === "number" ? item.port : portFrom(item.port, [...path, "port"], report),
    interface: bareAddress(item.interface ?? "") || (item.version === 6 ? "::" : "0.0.0.0"),
    shared: item.shared,
    ...(tls && { tls }),
    ...normalizeProxies(item, path, report),
  };
}

/** Without a list nobody could be told from those who only claim to be a load balancer. */
function normalizeProxies(
  item: Pick<v.InferOutput<typeof listeningTcp>, "proxy_protocol" | "trusted_proxies">,
  path: JsonPath,
  report: Report,
): { trusted_proxies?: string[] } {
  const { proxy_protocol, trusted_proxies = [] } = item;
  if (proxy_protocol) {
    if (trusted_proxies.length > 0) return { trusted_proxies };
    const sentence = 'expected "trusted_proxies" beside it: whom to believe a PROXY preface';
    report.fault([...path, "proxy_protocol"], sentence);
  } else if (trusted_proxies.length > 0) {
    const at = [...path, "trusted_proxies"];
    report.warn(at, 'not honoured: "proxy_protocol" is not true');
  }
  return {};
}

/** The normalized connecting endpoint. */
export function normalizeConnecting(
  item: v.InferOutput<typeof connectingEndpoint>,
  path: JsonPath,
  report: Report,
): ConnectingEndpointConfig {
  const timeoutMs = Math.max(1, Math.round(item.timeout * 1000));
  if (item.type === "unix") {
    return { type: "unix", path: socketFile(item.path, [...path, "path"], report), timeoutMs };
  }
  if (item.version !== undefined) {
    report.warn([...path, "version"], "not honoured: the host's address decides");
  }
  const tls = normalizeConnectingTls(item.tls ?? false, [...path, "tls"], report);
  return {
    type: "tcp",
    host: bareAddress(item.host),
    port: item.port,
    timeoutMs,
    ...(tls && { tls }),
  };
}

/** An IPv6 address without the brackets that it has in a URL. */
function bareAddress(written: string): string {
  return /^\[(.*:.*)\]$/.exec(written)?.[1] ?? written;
}

function portFrom(variable: string, path: JsonPath, report: Report): number {
  const value = report.env[variable.slice(1)];
  const port = Number(value);
  if (value === undefined) report.fault(path, `environment variable ${variable} is not set`);
  else if (!/^[0-9]{1,5}$/.test(value) || port < 1 || port > 65_535) {
    report.fault(path, `environment variable ${variable} is not a port from 1 to 65535`);
  }
  return port;
}

function socketFile(name: string, path: JsonPath, report: Report): string {
  const filled = name.replace(/\$(?:\{(\w+)\}|(\w+))/g, (written, braced, bare) => {
    const value = report.env[braced ?? bare];
    if (value === undefined) report.fault(path, `environment variable ${written} is not set`);
    return value ?? written;
  });
  const file = resolve(report.folder, filled);
  const octets = Buffer.byteLength(file);
  if (octets > maxSocketPath) {
    report.fault(
      path,
      `socket file "${file}" has ${octets} octets; the system takes at most ${maxSocketPath}`,
    );
  }
  return file;
}
