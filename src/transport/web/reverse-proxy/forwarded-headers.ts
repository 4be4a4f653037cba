/**
 * The headers that tell an upstream server where a request came from:
 *
 *     X-Forwarded-For: 203.0.113.7, 10.0.0.2        X-Forwarded-Proto: https
 *     X-Forwarded-Host: shop.example                X-Forwarded-Port: 443
 *     X-Real-IP: 203.0.113.7
 *     Forwarded: for=203.0.113.7;host=shop.example;proto=https, for=10.0.0.2       (RFC 7239)
 *
 * What a client itself says in such headers is removed. What a trusted proxy says of its client is kept.
 *
 * @module
 */

import { addressOf } from "#transport/endpoint/peer-address.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import { parameterOf, splitOutsideQuotes } from "#transport/http/trusted-proxies.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";

/** A request, and where it came from. */
export type Origin = Pick<StreamedRequest, "request" | "lines" | "details" | "chain">;

/** What is configured in place of what is found out; null: it is not. */
export interface ConfiguredOrigin {
  port: number | null;
  proto: "http" | "https" | null;
}

/** The headers that are made here. */
const MADE = /^(x-forwarded-(for|host|port|proto)|x-real-ip|forwarded)$/;

/**
 * Whether a header of the client is left out: one that is made here, and without a trusted proxy every other
 * one that begins with `X-Forwarded-`. WSGI and CGI take `_` for `-`.
 */
export function isReplaced(name: string, hasTrustedProxy: boolean): boolean {
  const spelled = name.toLowerCase().replaceAll("_", "-");
  if (MADE.test(spelled)) return true;
  return spelled.startsWith("x-forwarded-") && (!hasTrustedProxy || name.includes("_"));
}

/** The headers for a request, as names and values in order. */
export function forwardedHeaders(
  origin: Origin,
  configured: ConfiguredOrigin,
): [name: string, value: string][] {
  const { details, chain } = origin;
  const own = addressOf(details.peer);
  const addresses = own === null ? [...chain] : [...chain, own];
  const proto = configured.proto ?? protoOf(origin);
  const host = hostOf(origin);
  const port = configured.port ?? portOf(origin, host, proto);
  const headers: [string, string][] = [];
  const [client] = addresses;
  if (client !== undefined) {
    headers.push(["X-Forwarded-For", addresses.join(", ")], ["X-Real-IP", client]);
  }
  if (host !== null) headers.push(["X-Forwarded-Host", host]);
  headers.push(["X-Forwarded-Port", String(port)], ["X-Forwarded-Proto", proto]);
  const nodes = own === null ? [...chain.map(nodeOf), "unknown"] : addresses.map(nodeOf);
  headers.push(["Forwarded", printForwarded(nodes, host, proto)]);
  return headers;
}

function protoOf({ request, chain }: Origin): string {
  const said = told(request, chain, "proto")?.toLowerCase();
  if (said === "http" || said === "https") return said;
  return request.isSecure ? "https" : "http";
}

function hostOf({ request, lines, chain }: Origin): string | null {
  const said = told(request, chain, "host");
  if (isHost(said)) return said;
  // With an absolute target Host is ignored (RFC 9112, section 3.2.2).
  const asked = /^\S+ \w+:\/\/(?:[^/?#@]*@)?([^/?#\s]+)/.exec(lines[0] ?? "")?.[1];
  return isHost(asked) ? asked : request.headers.get("host");
}

function isHost(text: string | undefined): text is string {
  return text !== undefined && /^[\w.~!$&'()*+;=%:[\]-]+$/.test(text);
}

function portOf({ request, chain }: Origin, host: string | null, proto: string): number {
  const said = told(request, chain, "port") ?? "";
  if (/^\d{1,5}$/.test(said)) return Number(said);
  const named = /:(\d{1,5})$/.exec(host ?? "")?.[1];
  if (named !== undefined) return Number(named);
  return proto === "https" ? 443 : 80;
}

/**
 * What the trusted proxy next to the client says of the request that it got: in `X-Forwarded-…`, or else in
 * `Forwarded`. Only one of them is read: a proxy may pass on the other one as the client wrote it.
 */
function told(
  { headers }: ClientRequest,
  chain: readonly string[],
  name: "proto" | "host" | "port",
): string | undefined {
  if (chain.length === 0) return undefined;
  if (headers.has("x-forwarded-for")) {
    return headers.get(`x-forwarded-${name}`)?.split(",")[0]?.trim();
  }
  const elements = splitOutsideQuotes(headers.get("forwarded") ?? "", ",");
  return parameterOf(elements.at(-chain.length) ?? "", name);
}

/** An address as RFC 7239 writes it. */
function nodeOf(address: string): string {
  return address.includes(":") ? `"[${address}]"` : address;
}

function printForwarded(nodes: readonly string[], host: string | null, proto: string): string {
  const [client = "unknown", ...proxies] = nodes;
  const hostPart = host === null ? "" : `;host=${/^[\w.-]+$/.test(host) ? host : `"${host}"`}`;
  return [`for=${client}${hostPart};proto=${proto}`, ...proxies.map((node) => `for=${node}`)].join(
    ", ",
  );
}
