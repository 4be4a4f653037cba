/**
 * BackendWebSocket: the WebSocket of a reverse proxy to its backend, which takes messages at its own pace.
 *
 * @module
 */

import type { WebSocketReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import { connectFailure, connectWithTimeout, resolveHost } from "#transport/endpoint/connect.ts";
import { fittingReason } from "#transport/websocket/close-reason.ts";
import { clientState, openClientWebSocket } from "#transport/websocket/websocket-client.ts";
import { CloseCode } from "#wamp/peer.ts";

/** Bun's client has no drain event, so its buffer is polled at this interval while it is too full. */
const DRAIN_POLL_MS = 5;

const CLOSE_DEADLINE_MS = 1000;

/** Receives what the backend does. */
export interface BackendEvents {
  onBackendMessage(octets: Uint8Array, isText: boolean): void;
  /** `send` has answered false, and the backend has taken enough since. */
  onBackendDrain(): void;
  /** The WebSocket is closed; 1005: without a code, 1006: without a close frame. */
  onBackendClose(code: number, reason: string): void;
}

/** How a backend is asked for a WebSocket. */
export interface BackendRequest {
  backend: WebSocketReverseProxyServiceConfig["backend"];
  protocols: string[];
  headers: Record<string, string>;
  maxBuffered: number;
  /** Aborts when the client has gone. */
  canceled: AbortSignal;
}

/** An open WebSocket to a backend. */
export class BackendWebSocket {
  readonly #socket: WebSocket;
  readonly #maxBuffered: number;
  #events: BackendEvents | null = null;
  #poll: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  private constructor(socket: WebSocket, maxBuffered: number) {
    this.#socket = socket;
    this.#maxBuffered = maxBuffered;
  }

  /**
   * Connects, handshake included, within the endpoint's deadline. The WebSocket is paused until `attach`.
   *
   * @throws Failure when the backend cannot be reached, or refuses.
   */
  static open(request: BackendRequest): Promise<BackendWebSocket> {
    const { backend, protocols, headers, maxBuffered, canceled } = request;
    const { endpoint } = backend;
    const attempt = async (signal: AbortSignal) => {
      const host = endpoint.type === "tcp" ? await resolveHost(endpoint) : "";
      const socket = openClientWebSocket(backend, host, { protocols, headers });
      if (signal.aborted) socket.terminate();
      signal.addEventListener("abort", () => socket.terminate(), { once: true });
      await opened(socket, request);
      socket.pause();
      return new BackendWebSocket(socket, maxBuffered);
    };
    return connectWithTimeout(endpoint, attempt, canceled);
  }

  /** The subprotocol that the backend has chosen; empty: none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Has the events reach their receiver from now on. */
  attach(events: BackendEvents): void {
    this.#events = events;
    this.#socket.onmessage = ({ data }) => {
      const isText = typeof data === "string";
      this.#events?.onBackendMessage(isText ? Buffer.from(data) : data, isText);
    };
    this.#socket.onclose = ({ code, reason }) => this.#closed(code, reason);
    if (this.#socket.readyState === WebSocket.CLOSED) this.#closed(CloseCode.abnormal, "");
    else this.#socket.resume();
  }

  /** Sends a message, whose octets are borrowed. False: too many wait; `onBackendDrain` follows. */
  send(octets: Uint8Array, isText: boolean): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return true;
    const view = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
    this.#socket.send(isText ? view.toString() : (octets as Uint8Array<ArrayBuffer>));
    if (this.#socket.bufferedAmount <= this.#maxBuffered) return true;
    this.#poll ??= setInterval(() => this.#pollDrain(), DRAIN_POLL_MS);
    return false;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes the WebSocket with a code that may be on the wire; no event follows. */
  close(code: number, reason: string): void {
    this.#events = null;
    clearInterval(this.#poll);
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#deadline = setTimeout(() => this.#socket.terminate(), CLOSE_DEADLINE_MS);
    // A paused socket would not read the answer to the close frame.
    this.#socket.resume();
    this.#socket.close(code, fittingReason(reason));
  }

  /** Ends the connection without a close frame; no event follows. */
  terminate(): void {
    this.#events = null;
    clearInterval(this.#poll);
    this.#socket.terminate();
  }

  #pollDrain(): void {
    if (this.#socket.bufferedAmount > this.#maxBuffered / 4) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
    this.#events?.onBackendDrain();
  }

  #closed(code: number, reason: string): void {
    clearInterval(this.#poll);
    clearTimeout(this.#deadline);
    this.#events?.onBackendClose(code, reason);
    this.#events = null;
  }
}

/** Resolves when the handshake is done; rejects with a Failure when it fails. */
function opened(socket: WebSocket, { backend, protocols }: BackendRequest): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let state = "the WebSocket handshake failed";
  socket.onopen = () => resolve();
  socket.onerror = (event) => {
    const wanted = `any of ${protocols.join(", ")}`;
    state = clientState(event, backend.endpoint, wanted) ?? state;
  };
  socket.onclose = () => reject(connectFailure(backend.endpoint, state));
  return promise;
}
