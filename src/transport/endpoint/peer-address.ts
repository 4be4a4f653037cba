/**
 * Addresses of sockets: how Crossbar prints a peer, how sentences and URLs name an endpoint, and how the
 * system takes the path of a Unix socket.
 *
 * @module
 */

import { relative } from "node:path";
import type { Socket } from "bun";

import type {
  ConnectingEndpointConfig,
  ListeningEndpointConfig,
} from "#config/endpoint/endpoint-config.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";

/** The system keeps 108 octets for the path of a Unix socket, the last of them a zero. */
const MAX_UNIX_PATH_OCTETS = 107;

/** Prints the other side of a TCP connection: `tcp4:127.0.0.1:49816` or `tcp6:[::1]:49816`. */
export function printTcpPeer(address: string, port: number): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const isV6 = mapped === undefined && address.includes(":");
  // Joined, because a template keeps its parts in memory for as long as the connection is open.
  return [isV6 ? "tcp6" : "tcp4", isV6 ? `[${address}]` : (mapped ?? address), port].join(":");
}

/** Prints the other side of a Unix socket connection: `unix:/path`. */
export function printUnixPeer(path: string): string {
  return `unix:${path}`;
}

/** The address in a printed peer; null: a Unix socket has none. */
export function addressOf(peer: string): string | null {
  const [, v4, v6] = /^tcp(?:4:([^:]+)|6:\[([^\]]+)\]):\d+$/.exec(peer) ?? [];
  return v4 ?? v6 ?? null;
}

/**
 * What is known of a connection when it is accepted. Null: its client had reset it before that, so it
 * has no address, though Bun's types always give it one.
 */
export function detailsOfAccepted(
  endpoint: ListeningEndpointConfig,
  socket: Socket<unknown>,
): ConnectionDetails | null {
  if (endpoint.type === "unix") {
    return { peer: printUnixPeer(endpoint.path), isSecure: false, isUnixSocket: true };
  }
  const address: string | undefined = socket.remoteAddress;
  if (address === undefined) return null;
  const peer = printTcpPeer(address, socket.remotePort);
  return { peer, isSecure: endpoint.tls !== undefined, isUnixSocket: false };
}

/** Host and port as in a URL: `127.0.0.1:8080`, `[::1]:8080` (RFC 3986, section 3.2.2). */
export function printAuthority(host: string, port: number | string | null): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Names an endpoint in a sentence: `unix /path`, `tcp 127.0.0.1:8080` or `tcp [::]:8080-8089`. */
export function printEndpoint(
  endpoint: ConnectingEndpointConfig | ListeningEndpointConfig,
): string {
  if (endpoint.type === "unix") return `unix ${endpoint.path}`;
  const isConnecting = "host" in endpoint;
  const host = isConnecting ? endpoint.host : endpoint.interface;
  const range = isConnecting ? undefined : endpoint.portrange;
  return `tcp ${printAuthority(host, range === undefined ? endpoint.port : range.join("-"))}`;
}

/** A spelling of a Unix socket's path that the system takes: relative where the absolute is too long. */
export function usableUnixPath(path: string): string {
  if (Buffer.byteLength(path) <= MAX_UNIX_PATH_OCTETS) return path;
  const shorter = relative(process.cwd(), path);
  return Buffer.byteLength(shorter) < Buffer.byteLength(path) ? shorter : path;
}

/** Whether no spelling of this path fits into the address of a Unix socket. */
export function isUnixPathTooLong(path: string): boolean {
  return Buffer.byteLength(usableUnixPath(path)) > MAX_UNIX_PATH_OCTETS;
}
