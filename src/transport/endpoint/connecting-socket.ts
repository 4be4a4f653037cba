/**
 * openConnection: opens a socket to another server, which counts as open once the server is authenticated.
 *
 * @module
 */

import type { SocketHandler } from "bun";

import type { CancelSignal } from "#base/cancellation.ts";
import type { ConnectingEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { openSocket, tlsState } from "./connect.ts";
import type { ConnectionEvents, ConnectionSocket } from "./connection.ts";

/** A connection to another server, or a stream of one. A connection has the address of its other side. */
export interface ConnectedSocket extends ConnectionSocket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

/** Receives the events of a connection to another server. */
export interface ConnectingEvents extends ConnectionEvents {
  /** Whether the server is authenticated by TLS. */
  readonly isSecure: boolean;
  /** The socket is open, and with TLS the server is authenticated. */
  opened(socket: ConnectedSocket): void;
  /** The server is there and cannot be used; the socket is terminated. */
  refused(state: string): void;
}

/** How a connection is opened. */
export interface OpenConnectionOptions {
  signal: CancelSignal;
  /** Whether it stays open for writing after the server has ended its side; then `ended` is called. */
  isHalfOpen: boolean;
}

/** Opens a connection; it is terminated when the signal aborts. Rejects when the server cannot be reached. */
export async function openConnection(
  endpoint: ConnectingEndpointConfig,
  events: ConnectingEvents,
  { signal, isHalfOpen }: OpenConnectionOptions,
): Promise<void> {
  const socket = isHalfOpen ? HALF_OPEN_HANDLER : SOCKET_HANDLER;
  await openSocket(endpoint, { socket, data: events, signal, allowHalfOpen: isHalfOpen });
}

const SOCKET_HANDLER: SocketHandler<ConnectingEvents> = {
  open(socket) {
    // With TLS the server is not authenticated yet.
    if (!socket.data.isSecure) socket.data.opened(socket);
  },
  handshake(socket, isTrusted, fault) {
    if (isTrusted && fault === null) {
      socket.data.opened(socket);
      return;
    }
    socket.data.refused(fault === null ? "its certificate is not trusted" : tlsState(fault));
    socket.terminate();
  },
  data: (socket, chunk) => socket.data.received(chunk),
  drain: (socket) => socket.data.drained(),
  close: (socket, error) => socket.data.closed(error),
  error(socket, error) {
    // An error of a socket event handler or of TLS; other errors come with the close event.
    socket.data.refused(tlsState(error));
    socket.terminate();
  },
};

const HALF_OPEN_HANDLER: SocketHandler<ConnectingEvents> = {
  ...SOCKET_HANDLER,
  end: (socket) => socket.data.ended(),
};
