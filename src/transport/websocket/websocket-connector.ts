/**
 * connectWebSocketPeer: connects to a router over WebSocket.
 *
 * @module
 */

import type { ConnectingWebSocketConfig } from "#config/connection/connection-config.ts";
import { connectsWithTls, connectWithTimeout } from "#transport/endpoint/connect.ts";
import { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";
import { printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import {
  connectWithHandshake,
  type RouterSocket,
  type SessionNeeds,
} from "#transport/endpoint/router-handshake.ts";
import type { Peer, PeerHandler, TransportDetails } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { HandshakeRequest } from "./handshake-request.ts";
import type { ConnectionOptions } from "./websocket-connection.ts";
import { WebSocketPeer } from "./websocket-peer.ts";

/** What a session needs of its connection; `serializer` is preferred where the connection has several. */
type WebSocketNeeds = SessionNeeds & { serializer: SerializerName };

/** Routers are not pinged, and messages are limited as the longest of a client are. */
const TOWARDS_ROUTERS = {
  max_message_size: 64 * 1024 * 1024,
  max_frame_size: 0,
  max_incomplete: Number.POSITIVE_INFINITY,
  message_timeout: 0,
  auto_fragment_size: 0,
  auto_ping_interval: 0,
  auto_ping_timeout: 0,
  auto_ping_size: 0,
  auto_ping_restart_on_any_traffic: false,
  close_handshake_timeout: 0,
  fail_by_drop: false,
  echo_close_codereason: false,
} satisfies Omit<ConnectionOptions, "max_buffered">;

/** Opens a WebSocket to a router, handshake included, within the endpoint's deadline. */
export function connectWebSocketPeer(
  config: ConnectingWebSocketConfig,
  { serializer: preferred, maxBuffered, maxOutgoing, canceled }: WebSocketNeeds,
  handler: PeerHandler,
): Promise<Peer> {
  const { endpoint, url } = config;
  const serializer = chooseSerializer(config.serializers, preferred);
  const request = new HandshakeRequest(new URL(url), `wamp.2.${serializer}`);
  const peerOn = (socket: RouterSocket) => {
    const details = detailsOf(socket, config, serializer);
    const peer = new WebSocketPeer(
      {
        socket,
        answer: null,
        options: { ...TOWARDS_ROUTERS, max_buffered: maxBuffered },
        peer: details.peer,
        codec: null,
        gate: maxOutgoing === undefined ? undefined : new LongMessageGate(maxOutgoing),
      },
      details,
    );
    peer.attach(handler);
    return peer;
  };
  const take = request.take.bind(request);
  const handshake = { request: request.octets, take, peerOn };
  const attempt = (signal: AbortSignal) => connectWithHandshake(endpoint, handshake, signal);
  return connectWithTimeout(endpoint, attempt, canceled);
}

function chooseSerializer(
  serializers: readonly SerializerName[],
  preferred: SerializerName,
): SerializerName {
  if (serializers.includes(preferred)) return preferred;
  return serializers[0] ?? "json";
}

function detailsOf(
  { remoteAddress = "", remotePort = 0 }: RouterSocket,
  { endpoint }: ConnectingWebSocketConfig,
  serializer: SerializerName,
): TransportDetails {
  const isUnixSocket = endpoint.type === "unix";
  const peer = isUnixSocket
    ? printUnixPeer(endpoint.path)
    : printTcpPeer(remoteAddress, remotePort);
  return { peer, type: "websocket", serializer, isSecure: connectsWithTls(endpoint), isUnixSocket };
}
