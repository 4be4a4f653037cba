/**
 * A universal transport whose sessions echo, and clients that speak to it octet by octet.
 *
 * @module
 */

import { connect, type Socket } from "node:net";

import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import type {
  TransportConfig,
  UniversalTransportConfig,
} from "#config/transport/transport-config.ts";
import type { Listener } from "#transport/listener.ts";
import type { Peer, PeerHandler, TransportDetails } from "#wamp/peer.ts";
import { afterTest } from "./cleanups.ts";
import { rawSocketDefaults, webSocketDefaults } from "./default-options.ts";
import { jsonAt } from "./json-service.ts";
import { anyPort, openTransport } from "./transports.ts";

/** RawSocket, a WebSocket at `/ws` and a JSON value at `/`, on any port. */
export function universal(
  endpoint: UniversalTransportConfig["endpoint"] = anyPort,
  options: Partial<WebSocketOptions> = {},
): UniversalTransportConfig {
  const session = { serializers: ["cbor" as const], auth: {}, backend: null };
  return {
    type: "universal",
    id: "transport001",
    endpoint,
    rawsocket: { ...session, options: rawSocketDefaults },
    paths: {
      "/": jsonAt('{"here":true}'),
      ws: { ...session, type: "websocket", options: { ...webSocketDefaults, ...options } },
    },
  };
}

/** What a test sees of a transport. */
export interface StartedTransport {
  listener: Listener;
  port: number;
  /** Sessions in the order in which they began. */
  peers: Peer[];
  /** Resolves with the details of the next session that begins. */
  nextDetails(): Promise<TransportDetails>;
}

/** Starts a transport whose sessions send back every message. */
export async function startEcho(
  config: TransportConfig = universal(),
  handlerFor: (peer: Peer) => PeerHandler = echo,
): Promise<StartedTransport> {
  const peers: Peer[] = [];
  const waiting: ((details: TransportDetails) => void)[] = [];
  const accept = (peer: Peer) => {
    peers.push(peer);
    waiting.shift()?.(peer.details);
    return handlerFor(peer);
  };
  const { listener, port } = await openTransport(config, accept);
  const nextDetails = () => new Promise<TransportDetails>((resolve) => waiting.push(resolve));
  return { listener, port, peers, nextDetails };
}

/** Sends every message back, and reads no faster than the other side does. */
export function echo(peer: Peer): PeerHandler {
  return {
    onMessage(message) {
      if (!peer.send(message)) peer.pause();
    },
    onDrain: () => peer.resume(),
    onClose() {},
  };
}

/** A client that keeps all it is sent. */
export class OctetClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #octets = Buffer.alloc(0);
  #wake = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.#octets = Buffer.concat([this.#octets, chunk]);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        resolve();
        this.#wake();
      });
    });
  }

  /** Sends octets, or text as Latin-1, one write for each argument, each after the last is taken. */
  async send(...pieces: (string | Uint8Array)[]): Promise<this> {
    for (const piece of pieces) {
      const octets = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
      await new Promise<void>((resolve) => this.socket.write(octets, () => resolve()));
    }
    return this;
  }

  /** All octets so far, as Latin-1. */
  get text(): string {
    return this.#octets.toString("latin1");
  }

  /** Resolves once what has come contains this. */
  async until(text: string): Promise<string> {
    while (!this.text.includes(text)) {
      if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.text)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.text;
  }

  /** Resolves with all octets once the other side has closed. */
  async whole(): Promise<string> {
    await this.closed;
    return this.text;
  }
}

/** Connects to a port of this machine; the connection is cut off once the test has ended. */
export function dial(port: number): OctetClient {
  const client = new OctetClient(connect({ port, host: "127.0.0.1" }));
  afterTest(() => client.socket.destroy());
  return client;
}

/** The request that opens a WebSocket. */
export function upgradeRequest(path = "/ws", ...headers: string[]): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: localhost",
    ...headers,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: wamp.2.cbor",
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}
