/**
 * connectRawSocketPeer: connects to a router over RawSocket.
 *
 * @module
 */

import type { Socket, SocketHandler } from "bun";

import type { ConnectingRawSocketConfig } from "#config/node-config.ts";
import {
  connectFailure,
  connectsWithTls,
  connectWithTimeout,
  openSocket,
  tlsState,
} from "#transport/endpoint/connect.ts";
import { printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import type { Peer, PeerHandler, TransportDetails } from "#wamp/peer.ts";
import {
  HandshakeCollector,
  type HandshakeOptions,
  handshakeRequest,
  readHandshakeAnswer,
} from "./handshake.ts";
import { RawSocketPeer } from "./rawsocket-peer.ts";

/** The data of a socket: its peer, and until then its handshake. */
interface Connection {
  peer: RawSocketPeer | null;
  handshake: PendingHandshake | null;
}

/** A connection whose handshake is not done. */
interface PendingHandshake {
  config: ConnectingRawSocketConfig;
  maxBuffered: number;
  handler: PeerHandler;
  answer: HandshakeCollector;
  isSecure: boolean;
  resolve(peer: Peer): void;
  reject(failure: Error): void;
}

/** Opens a RawSocket connection to a router, handshake included, within the endpoint's deadline. */
export function connectRawSocketPeer(
  config: ConnectingRawSocketConfig,
  { maxBuffered, canceled }: { maxBuffered: number; canceled?: AbortSignal },
  handler: PeerHandler,
): Promise<Peer> {
  const attempt = async (signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Peer>();
    // The promise may reject before it is awaited; `openSocket` then rejects with the reason.
    promise.catch(() => {});
    const answer = new HandshakeCollector();
    const isSecure = connectsWithTls(config.endpoint);
    const handshake = { config, maxBuffered, handler, answer, isSecure, resolve, reject };
    const data: Connection = { peer: null, handshake };
    await openSocket(config.endpoint, { socket: SOCKET_HANDLER, data, signal });
    return promise;
  };
  return connectWithTimeout(config.endpoint, attempt, canceled);
}

const SOCKET_HANDLER: SocketHandler<Connection> = {
  open(socket) {
    // With TLS the router is not authenticated yet.
    if (socket.data.handshake?.isSecure === false) requestHandshake(socket);
  },
  handshake(socket, isTrusted, fault) {
    const { handshake } = socket.data;
    if (isTrusted && fault === null) {
      requestHandshake(socket);
      return;
    }
    const state = fault === null ? "its certificate is not trusted" : tlsState(fault);
    handshake?.reject(connectFailure(handshake.config.endpoint, state));
    socket.terminate();
  },
  data(socket, chunk) {
    const { peer, handshake } = socket.data;
    if (peer !== null) peer.received(chunk);
    else if (handshake !== null) readHandshake(socket, handshake, chunk);
  },
  drain(socket) {
    socket.data.peer?.drained();
  },
  close(socket, error) {
    const { peer, handshake } = socket.data;
    peer?.closed(error);
    const state = "it closed the connection during the handshake";
    handshake?.reject(connectFailure(handshake.config.endpoint, state));
  },
  error(socket, error) {
    // An error of a socket event handler or of TLS; other errors come with the close event.
    const { handshake } = socket.data;
    handshake?.reject(connectFailure(handshake.config.endpoint, tlsState(error)));
    socket.terminate();
  },
};

function requestHandshake(socket: Socket<Connection>): void {
  const { handshake } = socket.data;
  if (handshake !== null) socket.write(handshakeRequest(optionsOf(handshake.config)));
}

function readHandshake(
  socket: Socket<Connection>,
  handshake: PendingHandshake,
  chunk: Uint8Array,
): void {
  const { config, maxBuffered, handler, answer, resolve, reject } = handshake;
  const remainder = answer.push(chunk);
  if (!answer.isComplete) return;
  const agreement = readHandshakeAnswer(answer.octets, optionsOf(config));
  if (typeof agreement === "string") {
    reject(connectFailure(config.endpoint, agreement));
    socket.terminate();
    return;
  }
  const details = detailsOf(socket, config);
  const peer = new RawSocketPeer({ socket, agreement, details, maxBuffered });
  // Frees the handshake, because many sessions are idle for a long time.
  socket.data = { peer, handshake: null };
  peer.attach(handler);
  resolve(peer);
  if (remainder.length > 0) peer.received(remainder);
}

function optionsOf(config: ConnectingRawSocketConfig): HandshakeOptions {
  return { serializer: config.serializer, maxOctets: config.max_message_size };
}

function detailsOf(
  socket: Socket<Connection>,
  { endpoint, serializer }: ConnectingRawSocketConfig,
): TransportDetails {
  const isUnixSocket = endpoint.type === "unix";
  return {
    peer: isUnixSocket
      ? printUnixPeer(endpoint.path)
      : printTcpPeer(socket.remoteAddress, socket.remotePort),
    type: "rawsocket",
    serializer,
    isSecure: connectsWithTls(endpoint),
    isUnixSocket,
  };
}
