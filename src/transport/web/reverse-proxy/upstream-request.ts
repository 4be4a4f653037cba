/**
 * upstreamRequest: prints the head of a client's request for an upstream server.
 *
 * The fields stay as the client wrote them, in their order. Left out are those for one connection alone
 * (RFC 9110, section 7.6.1), and those that this program has to write itself.
 *
 * @module
 */

import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { ReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import { printAuthority } from "#transport/endpoint/peer-address.ts";
import { hasToken } from "#transport/http/header-fields.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import { forwardedHeaders, isReplaced } from "./forwarded-headers.ts";

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

/** What of the configuration a request for an upstream server is made of. */
export type UpstreamTarget = Pick<
  ReverseProxyServiceConfig,
  "path" | "forwarded_port" | "forwarded_proto"
> & {
  /** The upstream server; of another worker of the node, its socket file. */
  upstream: ConnectingEndpointConfig;
};

/** An upstream server in the log. */
export function nameOf(upstream: ConnectingEndpointConfig): string {
  return upstream.type === "unix" ? upstream.path : printAuthority(upstream.host, upstream.port);
}

/** Prints the head, in Latin-1. */
export function upstreamRequest(streamed: StreamedRequest, upstream: UpstreamTarget): string {
  const { request, lines, chain } = streamed;
  const own = new Set(["host", "content-length", ...(request.isHttp10 ? ["expect"] : [])]);
  const kept = endToEnd(lines.slice(1)).filter(
    ({ name }) => !own.has(name.toLowerCase()) && !isReplaced(name, chain.length > 0),
  );
  const { forwarded_port: port, forwarded_proto: proto } = upstream;
  const fields = [
    `Host: ${authorityOf(upstream)}`,
    ...kept.map(({ line }) => (request.method === "OPTIONS" ? forwardedOnce(line) : line)),
    ...forwardedHeaders(streamed, { port, proto }).map(([name, value]) => `${name}: ${value}`),
    ...framingFields(request),
    ...(wantsWebSocket(request) ? ["Connection: Upgrade", "Upgrade: websocket"] : []),
  ];
  const target = targetOf(streamed, upstream);
  return `${request.method} ${target} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`;
}

/** Path and query, which stays as the client wrote it; a client may send a fragment by mistake. */
function targetOf({ lines, path }: StreamedRequest, upstream: UpstreamTarget): string {
  const written = lines[0]?.split(" ")[1] ?? "";
  const query = /^[^?#]*(\?[^#]*)/.exec(written)?.[1] ?? "";
  return `${`${upstream.path}${path}` || "/"}${query}`;
}

function authorityOf({ upstream }: UpstreamTarget): string {
  if (upstream.type === "unix") return "localhost";
  const { host, port, tls } = upstream;
  const usual = tls === undefined ? 80 : 443;
  return printAuthority(host, port).replace(port === usual ? /:\d+$/ : /$^/, "");
}

/** Max-Forwards says how often a request may be passed on (RFC 9110, section 7.6.2). */
function forwardedOnce(line: string): string {
  return line.replace(/^(max-forwards:[\t ]*)([1-9]\d{0,14})(?=[\t ]*$)/i, (_, name, count) => {
    return `${name}${Number(count) - 1}`;
  });
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
