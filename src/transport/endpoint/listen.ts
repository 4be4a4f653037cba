/**
 * Listening endpoints of plain sockets: TCP, TLS over TCP and Unix.
 *
 * @module
 */

import type { SocketHandler, SocketListener, TCPSocketListener, TCPSocketListenOptions } from "bun";

import { Failure, sentenceOf } from "#base/failure.ts";
import type { ListeningEndpointConfig, ListeningTcpConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { listenOnFreePort } from "./free-port.ts";
import { printEndpoint } from "./peer-address.ts";
import { hasTls, type TlsEndpoint, TlsServer } from "./tls-server.ts";
import { openUnixSocket } from "./unix-socket-file.ts";

/** An endpoint that is listening. */
export interface ListeningSocket {
  /** The port, which the system has chosen where 0 was configured; null for a Unix socket. */
  readonly port: number | null;
  /** Refuses new connections, and removes the file of a Unix socket; open connections stay. */
  stop(): void;
  /** Reads the certificates again, where there are any. */
  renewCertificates(): void;
}

/** What the system's error codes mean for somebody who wants to listen. */
const STATES: Record<string, string> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "permission denied",
  ENOENT: "no such folder",
};

/** How one listens. */
export interface ListenOptions {
  /** Is told of certificates that were renewed. */
  log: Logger;
  /** Whether connections are plain though the endpoint has TLS, because it is begun later. */
  isPlain?: boolean;
  /** Whether a connection stays open for writing when its other side has ended. */
  allowHalfOpen?: boolean;
}

/** Listens on an endpoint; `socket` takes the events of every connection. */
export async function listenOn<Data>(
  endpoint: ListeningEndpointConfig,
  socket: SocketHandler<Data>,
  { log, isPlain = false, allowHalfOpen = false }: ListenOptions,
): Promise<ListeningSocket> {
  try {
    if (endpoint.type === "unix") {
      const { server, removeFile } = await openUnixSocket(endpoint, (unix) =>
        Bun.listen<Data>({ unix, socket, allowHalfOpen }),
      );
      const stop = () => stopAndRemove(server, removeFile);
      return { port: null, stop, renewCertificates() {} };
    }
    if (hasTls(endpoint) && !isPlain) {
      return listenOnFreePort(endpoint, (port) =>
        listenWithTls({ ...endpoint, port }, { socket, allowHalfOpen }, log),
      );
    }
    const server = listenOnFreePort(endpoint, (port) =>
      listenOnTcp({ ...tcpOptions(endpoint), port, socket, allowHalfOpen }),
    );
    return { port: server.port, stop: () => server.stop(), renewCertificates() {} };
  } catch (thrown) {
    throw listenFailure(endpoint, thrown);
  }
}

/** The failure for what a system call threw; a failure stays what it is. */
function listenFailure(endpoint: ListeningEndpointConfig, thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const state = STATES[code] ?? sentenceOf(thrown);
  return new Failure(`Cannot listen on "${printEndpoint(endpoint)}": ${state}`, {
    source: "internal",
    cause: thrown,
  });
}

function listenWithTls<Data>(
  endpoint: TlsEndpoint,
  events: { socket: SocketHandler<Data>; allowHalfOpen: boolean },
  log: Logger,
): ListeningSocket {
  const open = ({ tls, ...options }: { tls: [object, ...object[]] } & TcpOptions) =>
    listenOnTcp({ ...options, tls: tls[0], ...events });
  const retire = (server: TCPSocketListener<Data>) => server.stop();
  const servers = new TlsServer(endpoint, { open, retire }, log);
  return {
    port: servers.port,
    stop: () => servers.stop(),
    renewCertificates: () => servers.renew(),
  };
}

function stopAndRemove<Data>(server: SocketListener<Data>, removeFile: () => void): void {
  server.stop();
  removeFile();
}

/** Bun takes `reusePort` and `ipv6Only` here, though its types name them for connecting only. */
interface TcpOptions {
  hostname: string;
  port: number;
  reusePort: boolean;
  ipv6Only: boolean;
}

function tcpOptions({
  interface: hostname,
  port,
  shared,
  version,
}: ListeningTcpConfig): TcpOptions {
  return { hostname, port, reusePort: shared, ipv6Only: version === 6 };
}

function listenOnTcp<Data>(
  options: TCPSocketListenOptions<Data> & TcpOptions,
): TCPSocketListener<Data> {
  return Bun.listen<Data>(options) as TCPSocketListener<Data>;
}
