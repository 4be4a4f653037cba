/**
 * The connecting side of RawSocket: a router's endpoint becomes a peer.
 *
 * @module
 */

import type { Socket, SocketHandler } from "bun";

import type { ConnectingRawSocketConfig } from "#config/node-config.ts";
import { connectFailure, connectInTime, openSocket } from "#transport/endpoint/connect.ts";
import { printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import type { Peer, PeerHandler, TransportDetails } from "#wamp/peer.ts";
import {
  HandshakeCollector,
  type HandshakeTerms,
  handshakeRequest,
  readHandshakeAnswer,
} from "./handshake.ts";
import { RawSocketPeer } from "./rawsocket-peer.ts";

/** The state of one connection, kept at its socket. */
interface Connection {
  config: ConnectingRawSocketConfig;
  maxBuffered: number;
  handler: PeerHandler;
  handshake: HandshakeCollector;
  peer: RawSocketPeer | null;
  resolve(peer: Peer): void;
  reject(failure: Error): void;
}

/** Opens a RawSocket connection to a router, handshake included, within the endpoint's deadline. */
export function connectRawSocketPeer(
  config: ConnectingRawSocketConfig,
  maxBuffered: number,
  handler: PeerHandler,
): Promise<Peer> {
  return connectInTime(config.endpoint, async (signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Peer>();
    // A connection can fail before anybody awaits its promise, and the opening of the socket tells why.
    promise.catch(() => {});
    const handshake = new HandshakeCollector();
    const data: Connection = {
      config,
      maxBuffered,
      handler,
      handshake,
      peer: null,
      resolve,
      reject,
    };
    await openSocket(config.endpoint, { socket: SOCKET_HANDLER, data, signal });
    return promise;
  });
}

const SOCKET_HANDLER: SocketHandler<Connection> = {
  open(socket) {
    socket.write(handshakeRequest(termsOf(socket.data.config)));
  },
  data(socket, chunk) {
    const connection = socket.data;
    if (connection.peer !== null) connection.peer.received(chunk);
    else shakeHands(socket, chunk);
  },
  drain(socket) {
    socket.data.peer?.drained();
  },
  close(socket, error) {
    const { config, peer, reject } = socket.data;
    if (peer !== null) peer.closed(error);
    else reject(connectFailure(config.endpoint, "it closed the connection during the handshake"));
  },
  error(socket) {
    // A fault of a socket event handler, for a socket's own faults come with its close event.
    socket.terminate();
  },
};

function shakeHands(socket: Socket<Connection>, chunk: Uint8Array): void {
  const { config, maxBuffered, handler, handshake, resolve, reject } = socket.data;
  const rest = handshake.push(chunk);
  if (!handshake.isComplete) return;
  const agreement = readHandshakeAnswer(handshake.octets, termsOf(config));
  if (typeof agreement === "string") {
    reject(connectFailure(config.endpoint, agreement));
    socket.terminate();
    return;
  }
  const peer = new RawSocketPeer({ socket, agreement, details: detailsOf(socket), maxBuffered });
  socket.data.peer = peer;
  peer.attach(handler);
  resolve(peer);
  if (rest.length > 0) peer.received(rest);
}

function termsOf(config: ConnectingRawSocketConfig): HandshakeTerms {
  return { serializer: config.serializer, maxOctets: config.max_message_size };
}

function detailsOf(socket: Socket<Connection>): TransportDetails {
  const { endpoint, serializer } = socket.data.config;
  const isUnixSocket = endpoint.type === "unix";
  return {
    peer: isUnixSocket
      ? printUnixPeer(endpoint.path)
      : printTcpPeer(socket.remoteAddress, socket.remotePort),
    type: "rawsocket",
    serializer,
    isSecure: false,
    isUnixSocket,
  };
}
