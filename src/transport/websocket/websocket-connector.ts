/**
 * connectWebSocketPeer: connects to a router over WebSocket.
 *
 * @module
 */

import type { CancelSignal } from "#base/cancellation.ts";
import type { ConnectingWebSocketConfig } from "#config/connection/connection-config.ts";
import { connectWithHandshake } from "#transport/endpoint/client-handshake.ts";
import { connectsWithTls, connectWithTimeout } from "#transport/endpoint/connect.ts";
import type { ConnectedSocket } from "#transport/endpoint/connecting-socket.ts";
import { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";
import { printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import type { SessionNeeds } from "#transport/endpoint/session-needs.ts";
import type { Peer, PeerHandler, TransportDetails } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { HandshakeRequest } from "./handshake-request.ts";
import { TOWARDS_SERVERS } from "./options-towards-servers.ts";
import { WebSocketPeer } from "./websocket-peer.ts";

/** What a session needs of its connection; `serializer` is preferred where the connection has several. */
type WebSocketNeeds = SessionNeeds & { serializer: SerializerName };

/** Opens a WebSocket to a router, handshake included, within the endpoint's deadline. */
export function connectWebSocketPeer(
  config: ConnectingWebSocketConfig,
  { serializer: preferred, maxBuffered, maxOutgoing, messageTimeout, canceled }: WebSocketNeeds,
  handler: PeerHandler,
): Promise<Peer> {
  const { endpoint, url } = config;
  const serializer = chooseSerializer(config.serializers, preferred);
  const request = new HandshakeRequest(new URL(url), { protocols: [`wamp.2.${serializer}`] });
  const connectedOn = (socket: ConnectedSocket) => {
    const details = detailsOf(socket, config, serializer);
    const peer = new WebSocketPeer(
      {
        socket,
        answer: null,
        options: {
          ...TOWARDS_SERVERS,
          max_buffered: maxBuffered,
          message_timeout: messageTimeout ?? 0,
        },
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
  const handshake = { request: request.octets, take, connectedOn };
  const attempt = (signal: CancelSignal) => connectWithHandshake(endpoint, handshake, signal);
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
  { remoteAddress = "", remotePort = 0 }: ConnectedSocket,
  { endpoint }: ConnectingWebSocketConfig,
  serializer: SerializerName,
): TransportDetails {
  const isUnixSocket = endpoint.type === "unix";
  const peer = isUnixSocket
    ? printUnixPeer(endpoint.path)
    : printTcpPeer(remoteAddress, remotePort);
  return { peer, type: "websocket", serializer, isSecure: connectsWithTls(endpoint), isUnixSocket };
}
