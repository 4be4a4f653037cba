/**
 * upstreamRequest: prints the head of a client's request for an upstream server.
 *
 * The fields stay as the client wrote them, in their order. Left out are those for one connection alone
 * (RFC 9110, section 7.6.1), and those that this program has to write itself.
 *
 * @module
 */

import { hasToken } from "#transport/http/header-fields.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import { forwardedHeaders, isReplaced, type Origin } from "./forwarded-headers.ts";

/** Fields for one connection, whether Connection names them or not. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** A request for an upstream server. */
export interface UpstreamRequest extends Origin {
  /** The lines of the client's request, its request line first. */
  lines: readonly string[];
  /** Path and query. */
  target: string;
  /** The value of Host. */
  authority: string;
}

/** Prints the head, in Latin-1. */
export function upstreamRequest(upstream: UpstreamRequest): string {
  const { request, lines, target, authority, chain } = upstream;
  const own = new Set(["host", "content-length", ...(request.isHttp10 ? ["expect"] : [])]);
  const kept = endToEnd(lines.slice(1)).filter(
    ({ name }) => !own.has(name.toLowerCase()) && !isReplaced(name, chain.length > 0),
  );
  const fields = [
    `Host: ${authority}`,
    ...kept.map(({ line }) => line),
    ...forwardedHeaders(upstream).map(([name, value]) => `${name}: ${value}`),
    ...framingFields(request),
    ...(wantsWebSocket(request) ? ["Connection: Upgrade", "Upgrade: websocket"] : []),
  ];
  return `${request.method} ${target} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`;
}

/** The fields of a head that are not for one connection alone. */
export function endToEnd(fields: readonly string[]): { name: string; line: string }[] {
  const all = fields.map((line) => ({ name: line.slice(0, line.indexOf(":")), line }));
  const named = all
    .filter(({ name }) => name.toLowerCase() === "connection")
    .flatMap(({ line }) => line.slice("connection:".length).toLowerCase().split(","))
    .map((token) => token.trim());
  const left = new Set([...HOP_BY_HOP, ...named]);
  return all.filter(({ name }) => !left.has(name.toLowerCase()));
}

/**
 * Whether a request asks for a WebSocket. No other upgrade is passed on: over h2c a client would reach
 * other paths of the upstream server than the configured one.
 */
export function wantsWebSocket({ method, headers, isHttp10, framing }: ClientRequest): boolean {
  const hasBody = framing.kind === "chunked" || framing.octets > 0;
  return (
    method === "GET" &&
    !isHttp10 &&
    !hasBody &&
    hasToken(headers, "connection", "upgrade") &&
    headers.get("upgrade")?.toLowerCase() === "websocket"
  );
}

function framingFields({ framing, headers }: ClientRequest): string[] {
  if (framing.kind === "chunked") return ["Transfer-Encoding: chunked"];
  return headers.has("content-length") ? [`Content-Length: ${framing.octets}`] : [];
}
