/**
 * connectRawSocketPeer: connects to a router over RawSocket.
 *
 * @module
 */

import type { CancelSignal } from "#base/cancellation.ts";
import type { ConnectingRawSocketConfig } from "#config/connection/connection-config.ts";
import {
  type ClientHandshake,
  connectWithHandshake,
} from "#transport/endpoint/client-handshake.ts";
import { connectsWithTls, connectWithTimeout } from "#transport/endpoint/connect.ts";
import type { ConnectedSocket } from "#transport/endpoint/connecting-socket.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";
import { printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import type { SessionNeeds } from "#transport/endpoint/session-needs.ts";
import type { Peer, PeerHandler, TransportDetails } from "#wamp/peer.ts";
import {
  HandshakeCollector,
  type HandshakeOptions,
  handshakeRequest,
  readHandshakeAnswer,
} from "./handshake.ts";
import { RawSocketPeer, type RawSocketPeerOptions } from "./rawsocket-peer.ts";
import type { SharedConnection } from "./shared-connection.ts";

/**
 * Opens a RawSocket connection to a router, handshake included, within the endpoint's deadline. With `shared`
 * it is a stream of that connection, if the router grants streams.
 */
export function connectRawSocketPeer(
  config: ConnectingRawSocketConfig,
  { maxBuffered, maxOutgoing, messageTimeout, canceled }: SessionNeeds,
  handler: PeerHandler,
  shared?: SharedConnection,
): Promise<Peer> {
  const gate = maxOutgoing === undefined ? undefined : new LongMessageGate(maxOutgoing);
  const handshake = new RawSocketHandshake(config, { maxBuffered, gate, messageTimeout }, handler);
  const openStream = shared && ((events: ConnectionEvents) => shared.openStream(events));
  const attempt = (signal: CancelSignal) =>
    connectWithHandshake(config.endpoint, handshake, signal, openStream);
  return connectWithTimeout(config.endpoint, attempt, canceled);
}

/** The handshake of one connection, and the peer that it leads to. */
class RawSocketHandshake implements ClientHandshake<RawSocketPeer> {
  readonly #config: ConnectingRawSocketConfig;
  readonly #limits: Pick<RawSocketPeerOptions, "maxBuffered" | "gate" | "messageTimeout">;
  readonly #handler: PeerHandler;
  readonly #answer = new HandshakeCollector();
  #agreement: RawSocketPeerOptions["agreement"] | undefined;

  constructor(
    config: ConnectingRawSocketConfig,
    limits: Pick<RawSocketPeerOptions, "maxBuffered" | "gate" | "messageTimeout">,
    handler: PeerHandler,
  ) {
    this.#config = config;
    this.#limits = limits;
    this.#handler = handler;
  }

  get request(): Uint8Array {
    return handshakeRequest(optionsOf(this.#config));
  }

  take(chunk: Uint8Array): Uint8Array | string | null {
    const remainder = this.#answer.push(chunk);
    if (!this.#answer.isComplete) return null;
    const agreement = readHandshakeAnswer(this.#answer.octets, optionsOf(this.#config));
    if (typeof agreement === "string") return agreement;
    this.#agreement = agreement;
    return remainder;
  }

  connectedOn(socket: ConnectedSocket): RawSocketPeer {
    const agreement = this.#agreement;
    if (agreement === undefined) throw new Error("the handshake is not done");
    const details = detailsOf(socket, this.#config);
    const peer = new RawSocketPeer({ socket, agreement, details, ...this.#limits });
    peer.attach(this.#handler);
    return peer;
  }
}

function optionsOf(config: ConnectingRawSocketConfig): HandshakeOptions {
  return { serializer: config.serializer, maxOctets: config.max_message_size };
}

/** What all connections to a Unix socket have in common. */
const unixDetails = new WeakMap<ConnectingRawSocketConfig, TransportDetails>();

function detailsOf(socket: ConnectedSocket, config: ConnectingRawSocketConfig): TransportDetails {
  const { endpoint, serializer } = config;
  if (endpoint.type === "tcp") {
    const peer = printTcpPeer(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    const isSecure = connectsWithTls(endpoint);
    return { peer, type: "rawsocket", serializer, isSecure, isUnixSocket: false };
  }
  const details = unixDetails.get(config) ?? {
    peer: printUnixPeer(endpoint.path),
    type: "rawsocket",
    serializer,
    isSecure: false,
    isUnixSocket: true,
  };
  unixDetails.set(config, details);
  return details;
}
