/** A router that says what a test tells it to say. */

import type { SessionConfig } from "#config/options/session-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import type { Peer, PeerHandler, TransportDetails, WireMessage } from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "./transports.ts";

/** What may differ from a router that takes messages of any size in CBOR over RawSocket. */
export interface ScriptedRouterOptions {
  over?: "rawsocket" | "websocket";
  /** For WebSocket: the longest frame of a message. */
  auto_fragment_size?: number;
  serializer?: SerializerName;
  max_message_size?: number;
  /** Whether the sessions of a proxy may share a connection. */
  sharesConnections?: boolean;
}

const TRUSTING: SessionConfig["auth"] = { "anonymous-proxy": { type: "static" } };

/** One session of the router. */
export class RouterSide implements PeerHandler {
  readonly #peer: Peer;
  #messages: Uint8Array[] = [];
  #wake: (() => void)[] = [];
  readonly closed = Promise.withResolvers<string>();

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  onMessage(message: WireMessage): void {
    this.#messages.push(Buffer.from(message));
    for (const wake of this.#wake.splice(0)) wake();
  }

  onDrain(): void {}

  onClose(reason: string): void {
    this.closed.resolve(reason);
  }

  /** How the proxy reached this router. */
  get details(): TransportDetails {
    return this.#peer.details;
  }

  /** What the proxy has not read yet, without what the system keeps. */
  get bufferedOctets(): number {
    return this.#peer.bufferedOctets;
  }

  says(message: unknown[]): void {
    this.#peer.send(encodeMessage(message, this.#peer.serializer));
  }

  saysOctets(octets: Uint8Array): void {
    this.#peer.send(octets);
  }

  /** The next message of the proxy. */
  async next(): Promise<unknown[]> {
    return decodeMessage(await this.nextOctets(), this.#peer.serializer);
  }

  /** The octets of the next message of the proxy. */
  async nextOctets(): Promise<WireMessage> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    return this.#messages.shift() ?? new Uint8Array(0);
  }

  /** What has come, and was not taken, when the connection is over. */
  async rest(): Promise<unknown[][]> {
    await this.closed.promise;
    return this.#messages.splice(0).map((octets) => decodeMessage(octets, this.#peer.serializer));
  }

  /** Takes HELLO and says WELCOME. */
  async welcome(session = 7): Promise<unknown[]> {
    const hello = await this.next();
    this.says([2, session, { roles: { broker: {}, dealer: {} }, authid: "joe" }]);
    return hello;
  }

  stopReading(): void {
    this.#peer.pause();
  }

  readOn(): void {
    this.#peer.resume();
  }

  hangUp(): void {
    this.#peer.close(1000, "the router hangs up");
  }
}

/** Listens at a Unix path until the test has ended. */
export function scriptedRouter(path: string, options: ScriptedRouterOptions = {}) {
  const { over, serializer = "cbor", max_message_size = 2 ** 24, auto_fragment_size = 0 } = options;
  const limits = { max_message_size, max_buffered: 2 ** 26, stall_timeout: 0 };
  const parts = {
    endpoint: { type: "unix" as const, path, permission: 0o600 },
    serializers: [serializer],
    auth: options.sharesConnections ? TRUSTING : {},
  };
  return scriptedRouterOn(
    over === "websocket"
      ? webSocketTransport({ ...limits, auto_fragment_size }, parts)
      : rawSocketTransport(limits, parts),
  );
}

/** Listens as configured; `session` resolves with each session in the order in which they came. */
export async function scriptedRouterOn(config: TransportConfig) {
  const waiting: PromiseWithResolvers<RouterSide>[] = [];
  let came = 0;
  let taken = 0;
  const slot = (index: number) => (waiting[index] ??= Promise.withResolvers<RouterSide>());
  const accept = (peer: Peer): PeerHandler => {
    const side = new RouterSide(peer);
    slot(came++).resolve(side);
    return side;
  };
  const { listener } = await openTransport(config, accept);
  return {
    urls: listener.urls,
    session: () => slot(taken++).promise,
    renewCertificates: () => listener.renewCertificates(),
    close: () => listener.close(),
  };
}
