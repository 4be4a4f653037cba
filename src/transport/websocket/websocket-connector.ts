/**
 * connectWebSocketPeer: connects to a router over WebSocket.
 *
 * @module
 */

import { existsSync } from "node:fs";

import { sentenceOf } from "#base/failure.ts";
import type { ConnectingWebSocketConfig } from "#config/connection/connection-config.ts";
import {
  connectFailure,
  connectsWithTls,
  connectWithTimeout,
  resolveHost,
  tlsOptionsTowards,
  tlsState,
} from "#transport/endpoint/connect.ts";
import { shortageOfDescriptors } from "#transport/endpoint/descriptors.ts";
import { eventTurns, type TurnTaker } from "#transport/endpoint/event-turns.ts";
import {
  printAuthority,
  printTcpPeer,
  printUnixPeer,
  usableUnixPath,
} from "#transport/endpoint/peer-address.ts";
import {
  CloseCode,
  type Peer,
  type PeerHandler,
  type TransportDetails,
  type WireMessage,
} from "#wamp/peer.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { fittingReason } from "./close-reason.ts";

/** Bun's client has no drain event, so its buffer is polled at this interval while it is too full. */
const DRAIN_POLL_MS = 5;

const CLOSE_DEADLINE_MS = 1000;

/** Opens a WebSocket to a router, handshake included, within the endpoint's deadline. */
export function connectWebSocketPeer(
  config: ConnectingWebSocketConfig,
  options: { serializer: SerializerName; maxBuffered: number; canceled?: AbortSignal },
  handler: PeerHandler,
): Promise<Peer> {
  const { endpoint, serializers } = config;
  const serializer = chooseSerializer(serializers, options.serializer);
  const attempt = async (signal: AbortSignal) => {
    const host = endpoint.type === "tcp" ? await resolveHost(endpoint) : "";
    const socket = openWebSocket(config, host, serializer);
    if (signal.aborted) socket.terminate();
    signal.addEventListener("abort", () => socket.terminate(), { once: true });
    const details = detailsOf(config, serializer);
    return handshakeDone(socket, config, { details, maxBuffered: options.maxBuffered, handler });
  };
  return connectWithTimeout(endpoint, attempt, options.canceled);
}

/** The peer over a WebSocket when its handshake is done; rejects with a Failure when it fails. */
function handshakeDone(
  socket: WebSocket,
  config: ConnectingWebSocketConfig,
  options: ClientPeerOptions,
): Promise<Peer> {
  const { serializer } = options.details;
  const { promise, resolve, reject } = Promise.withResolvers<Peer>();
  let state = "the WebSocket handshake failed";
  let peer: WebSocketClientPeer | null = null;
  socket.onopen = () => {
    if (socket.protocol !== `wamp.2.${serializer}`) {
      reject(connectFailure(config.endpoint, `it does not speak wamp.2.${serializer}`));
      socket.terminate();
      return;
    }
    peer = new WebSocketClientPeer(socket, options);
    resolve(peer);
  };
  socket.onmessage = (event) => peer?.received(event.data);
  socket.onerror = (event) => {
    state = stateOf(event, config, serializer) ?? state;
  };
  socket.onclose = (event) => {
    if (peer !== null) peer.closed(event.code, event.reason);
    else reject(connectFailure(config.endpoint, state));
  };
  return promise;
}

function chooseSerializer(
  serializers: readonly SerializerName[],
  preferred: SerializerName,
): SerializerName {
  if (serializers.includes(preferred)) return preferred;
  return serializers[0] ?? "json";
}

function openWebSocket(
  config: ConnectingWebSocketConfig,
  host: string,
  serializer: SerializerName,
): WebSocket {
  const { endpoint } = config;
  const url = new URL(config.url);
  const target = `${url.pathname}${url.search}`;
  const address =
    endpoint.type === "unix"
      ? `ws+unix://${unixPathInUrl(config)}:${target}`
      : `${endpoint.tls ? "wss" : "ws"}://${printAuthority(host, endpoint.port)}${target}`;
  const socket = new WebSocket(address, {
    protocols: [`wamp.2.${serializer}`],
    perMessageDeflate: false,
    headers: { Host: url.host },
    ...tlsOptionsTowards(endpoint),
  });
  socket.binaryType = "nodebuffer";
  return socket;
}

/**
 * The path of a Unix socket as Bun's WebSocket client takes it: absolute, and of characters that a URL does
 * not escape. A path that is too long is made shorter through the working folder of this process.
 */
function unixPathInUrl({ endpoint }: ConnectingWebSocketConfig): string {
  const path = endpoint.type === "unix" ? usableUnixPath(endpoint.path) : "";
  const absolute = path.startsWith("/") ? path : `/proc/self/cwd/${path}`;
  if (/^[\w./+@,=~-]+$/.test(absolute)) return absolute;
  throw connectFailure(
    endpoint,
    "a WebSocket takes a Unix path of letters, digits and ./+@,=~_- only; rawsocket takes any",
  );
}

/** Words the state of the router for an error of Bun's client; null: Bun gives no reason. */
function stateOf(
  event: Event,
  { endpoint }: ConnectingWebSocketConfig,
  serializer: SerializerName,
): string | null {
  const fault = "error" in event && event.error instanceof Error ? event.error : null;
  const message = "message" in event ? String(event.message) : "";
  if (/client protocol/i.test(message)) return `it does not speak wamp.2.${serializer}`;
  if (fault !== null && message.includes("TLS handshake failed")) return tlsState(fault);
  const status = /Expected 101 status code: (\d+)/i.exec(message)?.[1];
  if (status !== undefined) return `it answered the WebSocket handshake with status ${status}`;
  const reason = message.split("failed: ").at(-1);
  if (reason === "Failed to connect") {
    // Bun says no more, so a missing socket file is found here.
    const isMissing = endpoint.type === "unix" && !existsSync(endpoint.path);
    if (isMissing) return "no such file";
    return shortageOfDescriptors() ?? "nobody listens there";
  }
  return reason === undefined || reason === "" ? null : reason;
}

function detailsOf(
  config: ConnectingWebSocketConfig,
  serializer: SerializerName,
): TransportDetails {
  const { endpoint } = config;
  const isUnixSocket = endpoint.type === "unix";
  const peer = isUnixSocket
    ? printUnixPeer(endpoint.path)
    : printTcpPeer(endpoint.host, endpoint.port);
  return { peer, type: "websocket", serializer, isSecure: connectsWithTls(endpoint), isUnixSocket };
}

interface ClientPeerOptions {
  details: TransportDetails;
  maxBuffered: number;
  handler: PeerHandler;
}

/** A Peer over a WebSocket to a router. */
class WebSocketClientPeer implements Peer, TurnTaker {
  readonly serializer: SerializerName;
  readonly isText: boolean;
  readonly details: TransportDetails;
  readonly maxSendOctets = Number.POSITIVE_INFINITY;
  readonly #socket: WebSocket;
  readonly #handler: PeerHandler;
  readonly #maxBuffered: number;
  #drainPoll: ReturnType<typeof setInterval> | null = null;
  #deadline: ReturnType<typeof setTimeout> | null = null;
  #isPaused = false;
  /** Messages that Bun has read though the session has paused. */
  #held: WireMessage[] = [];
  #isWaiting = false;
  #isClosing = false;
  #isClosed = false;
  #closeReason = "";

  constructor(socket: WebSocket, options: ClientPeerOptions) {
    this.#socket = socket;
    this.#handler = options.handler;
    this.#maxBuffered = options.maxBuffered;
    this.details = options.details;
    this.serializer = options.details.serializer;
    this.isText = !serializers[this.serializer].isBinary;
  }

  get bufferedOctets(): number {
    return this.#isClosed ? 0 : this.#socket.bufferedAmount;
  }

  send(message: WireMessage): boolean {
    if (this.#isClosing) return true;
    // Bun masks into a buffer of its own, so borrowed octets are not kept.
    this.#socket.send(message as string | Uint8Array<ArrayBuffer>);
    if (this.#socket.bufferedAmount <= this.#maxBuffered) return true;
    this.#drainPoll ??= setInterval(() => this.#pollDrain(), DRAIN_POLL_MS);
    return false;
  }

  cork(body: () => void): void {
    body();
  }

  pause(): void {
    this.#isPaused = true;
    if (!this.#isClosing) this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isClosing) return;
    if (this.#held.length > 0) this.#awaitTurn();
    else this.#socket.resume();
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#held = [];
    this.#closeReason = reason;
    this.#stopPolling();
    this.#deadline = setTimeout(() => this.#socket.terminate(), CLOSE_DEADLINE_MS);
    // A paused socket would not read the answer to the close frame.
    this.#socket.resume();
    this.#socket.close(code, fittingReason(reason));
  }

  /** The WebSocket has received a message. */
  received(message: unknown): void {
    if (this.#isClosing) return;
    if ((typeof message === "string") !== this.isText) {
      const kind = this.isText ? "binary" : "text";
      this.close(
        CloseCode.unsupportedData,
        `a ${kind} message came over wamp.2.${this.serializer}`,
      );
      return;
    }
    this.#held.push(message as WireMessage);
    if (this.#isPaused || this.#isWaiting) return;
    if (this.#held.length === 1) this.#deliver();
  }

  /** Delivers the messages that Bun has read after `pause`, until the session pauses again. */
  takeTurn(): void {
    this.#isWaiting = false;
    while (!this.#isPaused && this.#held.length > 0 && eventTurns.hasTime()) this.#deliver();
    if (this.#isPaused || this.#isClosing) return;
    if (this.#held.length > 0) this.#awaitTurn();
    else this.#socket.resume();
  }

  #deliver(): void {
    const message = this.#held.shift() as WireMessage;
    this.#callHandler(() => this.#handler.onMessage(message));
  }

  #awaitTurn(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    eventTurns.wait(this);
  }

  /** The WebSocket has closed. */
  closed(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosing = true;
    this.#isClosed = true;
    this.#stopPolling();
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#handler.onClose(this.#closeReason || reason || `connection closed with code ${code}`);
  }

  #pollDrain(): void {
    if (this.#socket.bufferedAmount > this.#maxBuffered / 4) return;
    this.#stopPolling();
    this.#callHandler(() => this.#handler.onDrain());
  }

  #stopPolling(): void {
    if (this.#drainPoll !== null) clearInterval(this.#drainPoll);
    this.#drainPoll = null;
  }

  /** A handler that throws loses its own connection and no other. */
  #callHandler(event: () => void): void {
    try {
      event();
    } catch (thrown) {
      this.close(CloseCode.internalError, `internal error: ${sentenceOf(thrown)}`);
    }
  }
}
