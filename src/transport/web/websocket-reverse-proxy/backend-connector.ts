/**
 * connectBackend: asks the backend of a WebSocket reverse proxy for a WebSocket.
 *
 * @module
 */

import type { CancelSignal } from "#base/cancellation.ts";
import type { WebSocketReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import { connectWithHandshake } from "#transport/endpoint/client-handshake.ts";
import { connectWithTimeout } from "#transport/endpoint/connect.ts";
import type { ConnectedSocket } from "#transport/endpoint/connecting-socket.ts";
import { printEndpoint } from "#transport/endpoint/peer-address.ts";
import { type HandshakeOffer, HandshakeRequest } from "#transport/websocket/handshake-request.ts";
import { TOWARDS_SERVERS } from "#transport/websocket/options-towards-servers.ts";
import { RelayedWebSocket } from "./relayed-websocket.ts";

/** How a backend is asked. */
export interface BackendRequest {
  config: WebSocketReverseProxyServiceConfig;
  /** Of the client. */
  offer: Required<Pick<HandshakeOffer, "protocols" | "fields">>;
  /** Aborts when the client has gone. */
  canceled: AbortSignal;
}

/** A WebSocket to a backend, which is not joined yet. */
export interface Backend {
  webSocket: RelayedWebSocket;
  /** The subprotocol that it has chosen; empty: none. */
  protocol: string;
}

/**
 * Connects, handshake included, within the endpoint's deadline.
 *
 * @throws Failure when the backend cannot be reached, or refuses.
 */
export async function connectBackend({
  config,
  offer,
  canceled,
}: BackendRequest): Promise<Backend> {
  const { endpoint, url } = config.backend;
  const { max_buffered, max_incomplete, stall_timeout } = config.options;
  const request = new HandshakeRequest(new URL(url), { ...offer, mayChooseNone: true });
  const options = { ...TOWARDS_SERVERS, max_buffered, max_incomplete };
  const peer = printEndpoint(endpoint);
  const connectedOn = (socket: ConnectedSocket) =>
    new RelayedWebSocket({ socket, answer: null, options, peer, codec: null }, stall_timeout);
  const take = request.take.bind(request);
  const handshake = { request: request.octets, take, connectedOn };
  const attempt = (signal: CancelSignal) => connectWithHandshake(endpoint, handshake, signal);
  const webSocket = await connectWithTimeout(endpoint, attempt, canceled);
  return { webSocket, protocol: request.protocol };
}
