/**
 * Listening endpoints of plain sockets: TCP, TLS over TCP and Unix.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { SocketHandler, SocketListener, TCPSocketListenOptions, TLSOptions } from "bun";

import { Failure, sentenceOf } from "#base/failure.ts";
import type { ListeningEndpointConfig, ListeningTcpConfig } from "#config/node-config.ts";
import { listenOnFreePort } from "./free-port.ts";
import { printEndpoint } from "./peer-address.ts";
import { openUnixSocket } from "./unix-socket-file.ts";

/** An endpoint that is listening. */
export interface ListeningSocket {
  /** The port, which the system has chosen where 0 was configured; null for a Unix socket. */
  readonly port: number | null;
  /** Refuses new connections, and removes the file of a Unix socket; open connections stay. */
  stop(): void;
}

/** What the system's error codes mean for somebody who wants to listen. */
const STATES: Record<string, string> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "permission denied",
  ENOENT: "no such folder",
};

/** What may differ from one who listens to another. */
export interface ListenOptions {
  /** TLS settings in the place of the endpoint's; null: connections are plain. */
  tls?: TLSOptions | null;
  /** Whether a connection stays open for writing when its other side has ended. */
  allowHalfOpen?: boolean;
}

/** Listens on an endpoint; `socket` takes the events of every connection. */
export async function listenOn<Data>(
  endpoint: ListeningEndpointConfig,
  socket: SocketHandler<Data>,
  options: ListenOptions = {},
): Promise<ListeningSocket> {
  const { allowHalfOpen = false } = options;
  try {
    if (endpoint.type === "unix") {
      const { server, removeFile } = await openUnixSocket(endpoint, (unix) =>
        Bun.listen<Data>({ unix, socket, allowHalfOpen }),
      );
      return { port: null, stop: () => stopAndRemove(server, removeFile) };
    }
    const settings = { ...tcpOptions(endpoint, socket, options), allowHalfOpen };
    const server = listenOnFreePort(endpoint, (port) => Bun.listen<Data>({ ...settings, port }));
    return { port: (server as { port: number }).port, stop: () => server.stop() };
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    throw new Failure(
      `Cannot listen on "${printEndpoint(endpoint)}": ${STATES[code] ?? sentenceOf(thrown)}`,
      { source: "internal", cause: thrown },
    );
  }
}

function stopAndRemove<Data>(server: SocketListener<Data>, removeFile: () => void): void {
  server.stop();
  removeFile();
}

/** Bun takes `reusePort` and `ipv6Only` here, though its types name them for connecting only. */
function tcpOptions<Data>(
  endpoint: ListeningTcpConfig,
  socket: SocketHandler<Data>,
  options: ListenOptions,
): TCPSocketListenOptions<Data> & { reusePort: boolean; ipv6Only: boolean } {
  const ownTls = endpoint.tls ?? null;
  const tls = options.tls === undefined ? ownTls && readTls(ownTls) : options.tls;
  return {
    hostname: endpoint.interface,
    port: endpoint.port,
    ipv6Only: endpoint.version === 6,
    reusePort: endpoint.shared,
    socket,
    ...(tls !== null && { tls }),
  };
}

/** The TLS settings of an endpoint; with `ca_certificates` they require a client's certificate. */
export function readTls(tls: NonNullable<ListeningTcpConfig["tls"]>): TLSOptions {
  const { key, certificate, chain_certificates, ca_certificates } = tls;
  return {
    key: readPem(key),
    cert: [certificate, ...chain_certificates].map(readPem).join("\n"),
    ...(ca_certificates !== undefined && {
      ca: ca_certificates.map(readPem),
      requestCert: true,
      rejectUnauthorized: true,
    }),
  };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw new Failure(`Cannot read certificate or key "${file}": ${sentenceOf(thrown)}`, {
      source: "config",
      cause: thrown,
    });
  }
}
