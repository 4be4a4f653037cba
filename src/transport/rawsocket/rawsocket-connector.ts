/**
 * The connecting side of RawSocket: a router's endpoint becomes a peer.
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

/** What is kept at a socket: the peer, or until there is one the handshake that leads to it. */
interface Connection {
  peer: RawSocketPeer | null;
  opening: Opening | null;
}

/** A connection whose handshake is not done. */
interface Opening {
  config: ConnectingRawSocketConfig;
  maxBuffered: number;
  handler: PeerHandler;
  handshake: HandshakeCollector;
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
    // A connection can fail before anybody awaits its promise, and the opening of the socket tells why.
    promise.catch(() => {});
    const handshake = new HandshakeCollector();
    const isSecure = connectsWithTls(config.endpoint);
    const opening = { config, maxBuffered, handler, handshake, isSecure, resolve, reject };
    const data: Connection = { peer: null, opening };
    await openSocket(config.endpoint, { socket: SOCKET_HANDLER, data, signal });
    return promise;
  };
  return connectWithTimeout(config.endpoint, attempt, canceled);
}

const SOCKET_HANDLER: SocketHandler<Connection> = {
  open(socket) {
    // With TLS this is before the router has shown who it is.
    if (socket.data.opening?.isSecure === false) requestHandshake(socket);
  },
  handshake(socket, isTrusted, fault) {
    const { opening } = socket.data;
    if (isTrusted && fault === null) {
      requestHandshake(socket);
      return;
    }
    const state = fault === null ? "its certificate is not trusted" : tlsState(fault);
    opening?.reject(connectFailure(opening.config.endpoint, state));
    socket.terminate();
  },
  data(socket, chunk) {
    const { peer, opening } = socket.data;
    if (peer !== null) peer.received(chunk);
    else if (opening !== null) readHandshake(socket, opening, chunk);
  },
  drain(socket) {
    socket.data.peer?.drained();
  },
  close(socket, error) {
    const { peer, opening } = socket.data;
    peer?.closed(error);
    const state = "it closed the connection during the handshake";
    opening?.reject(connectFailure(opening.config.endpoint, state));
  },
  error(socket, error) {
    // A fault of a socket event handler or of TLS; a socket's other faults come with its close event.
    const { opening } = socket.data;
    opening?.reject(connectFailure(opening.config.endpoint, tlsState(error)));
    socket.terminate();
  },
};

function requestHandshake(socket: Socket<Connection>): void {
  const { opening } = socket.data;
  if (opening !== null) socket.write(handshakeRequest(termsOf(opening.config)));
}

function readHandshake(socket: Socket<Connection>, opening: Opening, chunk: Uint8Array): void {
  const { config, maxBuffered, handler, handshake, resolve, reject } = opening;
  const rest = handshake.push(chunk);
  if (!handshake.isComplete) return;
  const agreement = readHandshakeAnswer(handshake.octets, termsOf(config));
  if (typeof agreement === "string") {
    reject(connectFailure(config.endpoint, agreement));
    socket.terminate();
    return;
  }
  const details = detailsOf(socket, config);
  const peer = new RawSocketPeer({ socket, agreement, details, maxBuffered });
  // What the handshake needed goes, for most sessions are idle and there are many.
  socket.data = { peer, opening: null };
  peer.attach(handler);
  resolve(peer);
  if (rest.length > 0) peer.received(rest);
}

function termsOf(config: ConnectingRawSocketConfig): HandshakeOptions {
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
