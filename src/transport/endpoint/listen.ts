/**
 * Listening endpoints: TCP and Unix sockets. TLS begins on the accepted connections, not here.
 *
 * @module
 */

import { chmodSync } from "node:fs";
import type {
  SocketHandler,
  SocketListener,
  TCPSocketListener,
  TCPSocketListenOptions,
  UnixSocketOptions,
} from "bun";

import { errorCodeOf, Failure, sentenceOf } from "#base/failure.ts";
import type {
  ListeningEndpointConfig,
  ListeningTcpConfig,
} from "#config/endpoint/endpoint-config.ts";
import type { Logger } from "#observe/logger.ts";
import { printEndpoint } from "./peer-address.ts";
import { listenInPortRange } from "./portrange.ts";
import { listenOnPath, setBacklog, shareListeningPort } from "./system-calls.ts";
import { fileRemover, openUnixSocket } from "./unix-socket-file.ts";

/** A listening socket that another process has opened. */
export interface InheritedListener {
  /** Of this process. */
  descriptor: number;
  /** Null for a Unix socket. */
  port: number | null;
  /** Whether the file of a Unix socket is to be this node's, to be changed and removed. */
  isOwn: boolean;
}

/** An endpoint that is listening. */
export interface ListeningSocket {
  /** The port, chosen by the system where 0 was configured; null for a Unix socket. */
  readonly port: number | null;
  /** Of the socket, as long as it is open. */
  readonly descriptor: number;
  /** Sets the backlog, and the mode of a socket file, as another configuration of the same endpoint has them. */
  adapt(endpoint: ListeningEndpointConfig): void;
  /** Lets others listen on the port too, as long as it is open; false where that is not possible. */
  share(): boolean;
  /** Refuses new connections, and removes the file of a Unix socket; open connections stay. */
  stop(): void;
  /** Accepts no more; the socket and its file are left to another process that has it too. */
  leave(): void;
  /** The process before has left the socket: its file is this node's from now on, where it is to be. */
  takeFile(): void;
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
 * open for writing after its other side has ended. `inherited`: the socket listens there already.
 */
export async function listenOn<Data>(
  endpoint: ListeningEndpointConfig,
  socket: SocketHandler<Data>,
  log: Logger,
  inherited: InheritedListener | null,
): Promise<ListeningSocket> {
  const options = { socket, allowHalfOpen: true };
  try {
    if (inherited !== null) return adopted(endpoint, options, log, inherited);
    if (endpoint.type === "unix") {
      const { server, removeFile } = await openUnixSocket(endpoint, (unix) => {
        const descriptor = listenOnPath(unix, DEFAULT_BACKLOG);
        // Bun's error says why.
        if (descriptor === null) return Bun.listen<Data>({ ...options, unix });
        return listenOnDescriptor({ ...options, fd: descriptor });
      });
      return listening(endpoint, server, log, { ...OPENED, port: null, removeFile });
    }
    const server = listenInPortRange(endpoint, (port) =>
      listenOnTcp({ ...options, ...tcpOptions(endpoint), port }),
    );
    return listening(endpoint, server, log, { ...OPENED, port: server.port, removeFile() {} });
  } catch (thrown) {
    throw listenFailure(endpoint, thrown);
  }
}

/** A socket that this process has opened. */
const OPENED = { isOwn: true, isTaken: true };

/** What Bun takes for every kind of listening socket. */
interface ListenOptions<Data> {
  socket: SocketHandler<Data>;
  allowHalfOpen: boolean;
}

/** Accepts from a socket that listens already; its file is left alone until the process before has left it. */
function adopted<Data>(
  endpoint: ListeningEndpointConfig,
  options: ListenOptions<Data>,
  log: Logger,
  { descriptor, port, isOwn }: InheritedListener,
): ListeningSocket {
  const removeFile = endpoint.type === "unix" && isOwn ? fileRemover(endpoint.path) : () => {};
  const server = listenOnDescriptor({ ...options, fd: descriptor });
  const file = { removeFile, isOwn, isTaken: false };
  return listening(endpoint, server, log, { port, ...file });
}

interface ListeningParts {
  port: number | null;
  removeFile: () => void;
  isOwn: boolean;
  /** Whether there is no process before that may still need the file. */
  isTaken: boolean;
}

function listening<Data>(
  endpoint: ListeningEndpointConfig,
  server: SocketListener<Data>,
  log: Logger,
  { port, removeFile, isOwn, isTaken: hasFile }: ListeningParts,
): ListeningSocket {
  let isTaken = hasFile;
  applyBacklog(endpoint, server, log);
  return {
    port,
    get descriptor() {
      return descriptorOf(server);
    },
    adapt(next) {
      if (next.type === "unix" && isOwn) chmodSync(next.path, next.permission);
      applyBacklog({ backlog: DEFAULT_BACKLOG, ...next }, server, log);
    },
    share: () => endpoint.type === "tcp" && shareListeningPort(descriptorOf(server)),
    stop() {
      server.stop();
      if (isTaken) removeFile();
    },
    leave: () => server.stop(),
    takeFile() {
      if (isTaken) return;
      isTaken = true;
      if (endpoint.type === "unix" && isOwn) chmodSync(endpoint.path, endpoint.permission);
    },
  };
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

/** Bun's types lack it. */
function listenOnDescriptor<Data>(
  options: ListenOptions<Data> & { fd: number },
): SocketListener<Data> {
  return Bun.listen<Data>(options as unknown as UnixSocketOptions<Data>);
}
