/**
 * Normalizes endpoints: file names become absolute, and variables are filled in.
 *
 * @module
 */

import { isIP, isIPv6 } from "node:net";
import { resolve } from "node:path";
import type * as v from "valibot";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type {
  ConnectingEndpointConfig,
  ListeningEndpointConfig,
  ListeningTcpConfig,
} from "./endpoint-config.ts";
import type { connectingEndpoint, listeningEndpoint, listeningTcp } from "./endpoint-schema.ts";
import { normalizeConnectingTls, normalizeListeningTls } from "./normalize-endpoint-tls.ts";

/** Longest socket file name, in octets, that the operating system takes. */
const MAX_SOCKET_PATH = 107;

/** Stands for a port that is a fault. */
export const UNKNOWN_PORT = 0;

/** The normalized listening endpoint. */
export function normalizeListening(
  item: v.InferOutput<typeof listeningEndpoint>,
  path: JsonPath,
  report: Report,
): ListeningEndpointConfig {
  const backlog = item.backlog === undefined ? {} : { backlog: item.backlog };
  if (item.type === "unix") {
    const file = socketFile(item.path, [...path, "path"], report);
    report.need([...path, "path"], { kind: "socket", file });
    const permission = Number.parseInt(item.permission, 8);
    return { type: "unix", path: file, permission, ...backlog };
  }
  const tls = item.tls && normalizeListeningTls(item.tls, [...path, "tls"], report);
  return {
    type: "tcp",
    ...normalizePorts(item, path, report),
    ...normalizeInterface(item, path, report),
    ...normalizeSharing(item, path, report),
    ...backlog,
    ...(tls && { tls }),
    ...normalizeLoadBalancers(item, path, report),
  };
}

function normalizeSharing(
  { shared, share_with_other_nodes }: ListeningTcpItem,
  path: JsonPath,
  report: Report,
): Pick<ListeningTcpConfig, "shared" | "share_with_other_nodes"> {
  if (!share_with_other_nodes) return { shared };
  if (shared) return { shared, share_with_other_nodes };
  report.warn([...path, "share_with_other_nodes"], 'not honoured: "shared" is not true');
  return { shared };
}

/** Without a list, any client could send a PROXY header and claim any address. */
function normalizeLoadBalancers(
  item: Pick<v.InferOutput<typeof listeningTcp>, "proxy_protocol" | "trusted_proxies">,
  path: JsonPath,
  report: Report,
): { trusted_proxies?: string[] } {
  const { proxy_protocol, trusted_proxies = [] } = item;
  if (proxy_protocol) {
    if (trusted_proxies.length > 0) return { trusted_proxies };
    const sentence =
      'expected "trusted_proxies" beside it: the load balancers that may send a PROXY header';
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
  const { port, version } = item;
  const host = normalizeHost(item.host, [...path, "host"], report);
  const literal = isIP(host);
  if (version !== undefined && literal !== 0 && literal !== version) {
    const sentence = `expected ${literal}: host "${host}" is an address of IPv${literal}, found ${version}`;
    report.fault([...path, "version"], sentence);
  }
  const tls = normalizeConnectingTls(item.tls ?? false, [...path, "tls"], report);
  return {
    type: "tcp",
    host,
    port,
    timeoutMs,
    ...(version === undefined ? {} : { version }),
    ...(tls && { tls }),
  };
}

/** The host to connect to, without brackets; warns of one that has its port in it. */
export function normalizeHost(written: string, path: JsonPath, report: Report): string {
  const host = bareAddress(written);
  if (host.includes(":") && !isIPv6(host)) {
    report.warn(path, "is no address, and no name has a colon; the port stands in `port`");
  }
  return host;
}

/** An IPv6 address without the brackets of a URL. */
function bareAddress(written: string): string {
  return /^\[(.*:.*)\]$/.exec(written)?.[1] ?? written;
}

type ListeningTcpItem = v.InferOutput<typeof listeningTcp>;

function normalizePorts(
  { port, portrange }: ListeningTcpItem,
  path: JsonPath,
  report: Report,
): Pick<ListeningTcpConfig, "port" | "portrange"> {
  if (port !== undefined && portrange !== undefined) {
    report.warn([...path, "port"], 'has no effect: there is a "portrange"');
  }
  if (portrange !== undefined) return { port: portrange[0], portrange };
  if (typeof port === "string") return { port: portFrom(port, [...path, "port"], report) };
  if (port !== undefined) return { port };
  report.fault([...path, "port"], "required attribute is missing");
  return { port: UNKNOWN_PORT };
}

/** Where `interface` is an address, it decides about the IP version. */
function normalizeInterface(
  { interface: written = "", version }: ListeningTcpItem,
  path: JsonPath,
  report: Report,
): Pick<ListeningTcpConfig, "interface" | "version"> {
  const address = bareAddress(written);
  const literal = isIP(address);
  if (literal !== 0) report.need([...path, "interface"], { kind: "interface", address });
  if (version !== undefined && literal !== 0 && literal !== version) {
    report.warn([...path, "version"], `not honoured: "${address}" is an address of IPv${literal}`);
    return { interface: address };
  }
  if (version === 6) return { interface: address || "::", version };
  return { interface: address || "0.0.0.0" };
}

function portFrom(variable: string, path: JsonPath, report: Report): number {
  const value = report.env[variable.slice(1)];
  if (value === undefined) {
    report.fault(path, `environment variable ${variable} is not set`);
    return UNKNOWN_PORT;
  }
  const port = Number(value);
  if (/^[0-9]{1,5}$/.test(value) && port >= 1 && port <= 65_535) return port;
  report.fault(path, `environment variable ${variable} is not a port from 1 to 65535`);
  return UNKNOWN_PORT;
}

function socketFile(name: string, path: JsonPath, report: Report): string {
  const filled = name.replace(/\$(?:\{(\w+)\}|(\w+))/g, (written, braced, bare) => {
    const value = report.env[braced ?? bare];
    if (value === undefined) report.fault(path, `environment variable ${written} is not set`);
    return value ?? written;
  });
  const file = resolve(report.folder, filled);
  const octets = Buffer.byteLength(file);
  if (octets > MAX_SOCKET_PATH) {
    report.fault(
      path,
      `socket file "${file}" has ${octets} octets; the system takes at most ${MAX_SOCKET_PATH}`,
    );
  }
  return file;
}
