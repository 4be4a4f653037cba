/**
 * Normalizes paths of type `reverseproxy`.
 *
 * @module
 */

import { domainToASCII } from "node:url";
import type { ConnectingTcpConfig } from "#config/endpoint/endpoint-config.ts";
import { normalizeHost } from "#config/endpoint/normalize-endpoint.ts";
import { normalizeConnectingTls } from "#config/endpoint/normalize-endpoint-tls.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { ReverseProxyServiceConfig } from "./reverse-proxy-config.ts";
import { defaultReverseProxyOptions, type ReverseProxyItem } from "./reverse-proxy-schema.ts";

/** The normalized service. */
export function normalizeReverseProxy(
  item: ReverseProxyItem,
  path: JsonPath,
  report: Report,
): ReverseProxyServiceConfig {
  const { connect_timeout, ...options } = item.options ?? defaultReverseProxyOptions;
  return {
    type: "reverseproxy",
    upstream: normalizeUpstream(item, connect_timeout, path, report),
    path: normalizePath(item.path ?? "", [...path, "path"], report),
    forwarded_port: item.forwarded_port ?? null,
    forwarded_proto: item.forwarded_proto ?? null,
    options,
  };
}

function normalizeUpstream(
  item: ReverseProxyItem,
  timeoutMs: number,
  path: JsonPath,
  report: Report,
): ConnectingTcpConfig {
  const tls = normalizeConnectingTls(item.tls ?? false, [...path, "tls"], report);
  const port = item.port ?? (tls === undefined ? 80 : 443);
  const host = hostOf(item.host, [...path, "host"], report);
  return { type: "tcp", host, port, timeoutMs, isWebServer: true, ...(tls && { tls }) };
}

/** A host as it stands in the header Host, but an IPv6 address without brackets. */
function hostOf(written: string, path: JsonPath, report: Report): string {
  const bare = normalizeHost(written, path, report);
  const host = /^[\x21-\x7e]+$/.test(bare) ? bare : domainToASCII(bare);
  if (/^[\w.:-]+$/.test(host)) return host;
  report.fault(path, `expected the name or the address of a server, found "${written}"`);
  return "localhost";
}

/** The path as it stands in a request, without a slash at its end. */
function normalizePath(written: string, path: JsonPath, report: Report): string {
  if (/[?#]/.test(written)) report.warn(path, "is a path alone: ? and # in it are escaped");
  const encoded = written.toWellFormed().replace(/[^\x21-\x7e]+|[?#]/g, encodeURIComponent);
  const trimmed = encoded.replace(/\/+$/, "");
  if (trimmed === "" || trimmed.startsWith("/")) return trimmed;
  report.warn(path, `does not begin with a slash; "/${trimmed}" is meant`);
  return `/${trimmed}`;
}
