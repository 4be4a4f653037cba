/**
 * Addresses of sockets: as Crossbar prints a peer, as sentences name them, as the system takes them.
 *
 * @module
 */

import { relative } from "node:path";

import type { ConnectingEndpointConfig, ListeningEndpointConfig } from "#config/node-config.ts";

/** The system keeps 108 octets for the path of a Unix socket, the last of them a zero. */
const MAX_UNIX_PATH_OCTETS = 107;

/** Prints the other side of a TCP connection: `tcp4:127.0.0.1:49816` or `tcp6:[::1]:49816`. */
export function printTcpPeer(address: string, port: number): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return `tcp4:${mapped}:${port}`;
  return address.includes(":") ? `tcp6:[${address}]:${port}` : `tcp4:${address}:${port}`;
}

/** The address of a peer that was printed so; null: it has none. */
export function addressOf(peer: string): string | null {
  const [, v4, v6] = /^tcp(?:4:([^:]+)|6:\[([^\]]+)\]):\d+$/.exec(peer) ?? [];
  return v4 ?? v6 ?? null;
}

/**
 * Whether a client had reset its TCP connection before it was accepted: then it has no address,
 * though Bun's types say otherwise.
 */
export function hasLeft(
  endpoint: ListeningEndpointConfig,
  socket: { readonly remoteAddress: string | undefined },
): boolean {
  return endpoint.type === "tcp" && socket.remoteAddress === undefined;
}

/** Prints the other side of a Unix socket connection: `unix:/path`. */
export function printUnixPeer(path: string): string {
  return `unix:${path}`;
}

/** Names an endpoint in a sentence: `unix /path`, `tcp 127.0.0.1:8080` or `tcp [::]:8080-8089`. */
export function printEndpoint(
  endpoint: ConnectingEndpointConfig | ListeningEndpointConfig,
): string {
  if (endpoint.type === "unix") return `unix ${endpoint.path}`;
  const isConnecting = "host" in endpoint;
  const host = isConnecting ? endpoint.host : endpoint.interface;
  const range = isConnecting ? undefined : endpoint.portrange;
  const ports = range === undefined ? endpoint.port : range.join("-");
  return `tcp ${host.includes(":") ? `[${host}]` : host}:${ports}`;
}

/** The spelling of a Unix socket's path that the system takes: relative where absolute is too long. */
export function usableUnixPath(path: string): string {
  if (Buffer.byteLength(path) <= MAX_UNIX_PATH_OCTETS) return path;
  const shorter = relative(process.cwd(), path);
  return Buffer.byteLength(shorter) < Buffer.byteLength(path) ? shorter : path;
}

/** Whether no spelling of this path fits into the address of a Unix socket. */
export function isUnixPathTooLong(path: string): boolean {
  return Buffer.byteLength(usableUnixPath(path)) > MAX_UNIX_PATH_OCTETS;
}
