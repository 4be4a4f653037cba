/**
 * Listening endpoints: TCP and Unix sockets. TLS begins on the accepted connections, not here.
 *
 * @module
 */

import { chmodSync } from "node:fs";
import type { SocketHandler, SocketListener, TCPSocketListener, TCPSocketListenOptions } from "bun";

import { errorCodeOf, Failure, sentenceOf } from "#base/failure.ts";
import type {
  ListeningEndpointConfig,
  ListeningTcpConfig,
} from "#config/endpoint/endpoint-config.ts";
import type { Logger } from "#observe/logger.ts";
import { printEndpoint } from "./peer-address.ts";
import { listenInPortRange } from "./portrange.ts";
import { setBacklog, shareListeningPort } from "./system-calls.ts";
import { openUnixSocket } from "./unix-socket-file.ts";

/** An endpoint that is listening. */
export interface ListeningSocket {
  /** The port, chosen by the system where 0 was configured; null for a Unix socket. */
  readonly port: number | null;
  /** Sets the backlog, and the mode of a socket file, as another configuration of the same endpoint has them. */
  adapt(endpoint: ListeningEndpointConfig): void;
  /** Lets others listen on the port too, as long as it is open; false where that is not possible. */
  share(): boolean;
  /** Refuses new connections, and removes the file of a Unix socket; open connections stay. */
  stop(): void;
}

/** What the system's error codes mean for a program that wants to listen. */
const STATES: Record<string, string> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "permission denied",
  ENOENT: "no such folder",
};

/**
 * Listens on an endpoint, without TLS; `socket` receives the events of every connection. A connection stays
 * open for writing after its other side has ended.
 */
export async function listenOn<Data>(
  endpoint: ListeningEndpointConfig,
  socket: SocketHandler<Data>,
  log: Logger,
): Promise<ListeningSocket> {
  try {
    if (endpoint.type === "unix") {
      const { server, removeFile } = await openUnixSocket(endpoint, (unix) =>
        Bun.listen<Data>({ unix, socket, allowHalfOpen: true }),
      );
      applyBacklog(endpoint, server, log);
      return {
        port: null,
        adapt(next) {
          if (next.type === "unix") chmodSync(next.path, next.permission);
          applyBacklog({ backlog: DEFAULT_BACKLOG, ...next }, server, log);
        },
        share: () => false,
        stop: () => stopAndRemove(server, removeFile),
      };
    }
    const server = listenInPortRange(endpoint, (port) =>
      listenOnTcp({ ...tcpOptions(endpoint), port, socket, allowHalfOpen: true }),
    );
    applyBacklog(endpoint, server, log);
    return {
      port: server.port,
      adapt: (next) => applyBacklog({ backlog: DEFAULT_BACKLOG, ...next }, server, log),
      share: () => shareListeningPort(descriptorOf(server)),
      stop: () => server.stop(),
    };
  } catch (thrown) {
    throw listenFailure(endpoint, thrown);
  }
}

/** The backlog where none is configured, as Bun has it. */
const DEFAULT_BACKLOG = 512;

/** Sets the configured backlog, for which Bun has no option. */
function applyBacklog<Data>(
  endpoint: ListeningEndpointConfig,
  server: SocketListener<Data>,
  log: Logger,
): void {
  const { backlog } = endpoint;
  if (backlog === undefined || setBacklog(descriptorOf(server), backlog)) return;
  log.warn("backlog not honoured", { endpoint: printEndpoint(endpoint), backlog });
}

/** Bun's types lack it. */
function descriptorOf<Data>(server: SocketListener<Data>): number {
  return "fd" in server ? Number(server.fd) : -1;
}

/** The Failure for an error of a system call; a Failure is kept as it is. */
function listenFailure(endpoint: ListeningEndpointConfig, thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const state = STATES[errorCodeOf(thrown) ?? ""] ?? sentenceOf(thrown);
  return new Failure(`Cannot listen on "${printEndpoint(endpoint)}": ${state}`, {
    source: "internal",
    cause: thrown,
  });
}

function stopAndRemove<Data>(server: SocketListener<Data>, removeFile: () => void): void {
  server.stop();
  removeFile();
}

/** Bun takes `reusePort` and `ipv6Only` here, though its types have them for connecting only. */
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
