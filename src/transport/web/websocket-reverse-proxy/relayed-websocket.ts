/**
 * RelayedWebSocket: a client's WebSocket whose messages go to a backend, and the backend's to it.
 *
 * A side that does not read stops the other one. Close codes and reasons pass as they are.
 *
 * @module
 */

import {
  WebSocketConnection,
  type WebSocketConnectionOptions,
} from "#transport/websocket/websocket-connection.ts";
import { CloseCode, type GivenUp } from "#wamp/peer.ts";
import type { BackendEvents, BackendWebSocket } from "./backend-websocket.ts";

/** One relayed WebSocket. */
export class RelayedWebSocket extends WebSocketConnection implements BackendEvents {
  readonly #backend: BackendWebSocket;
  readonly #stallTimeoutMs: number;
  /** Closes both sides when one of them takes nothing for `stall_timeout`. */
  #stall: ReturnType<typeof setTimeout> | undefined;
  #isBackendClosed = false;

  /** `stallTimeoutMs`: for how long a side may take nothing; 0: unlimited. */
  constructor(
    options: WebSocketConnectionOptions,
    backend: BackendWebSocket,
    stallTimeoutMs: number,
  ) {
    super(options);
    this.#backend = backend;
    this.#stallTimeoutMs = stallTimeoutMs;
  }

  onBackendMessage(octets: Uint8Array, isText: boolean): void {
    if (this.sendMessage(octets, isText)) return;
    this.#backend.pause();
    this.#watchStall("the client does not read");
  }

  onBackendDrain(): void {
    clearTimeout(this.#stall);
    this.resume();
  }

  onBackendClose(code: number, reason: string): void {
    this.#isBackendClosed = true;
    clearTimeout(this.#stall);
    this.close(clientCode(code), reason);
  }

  override handleClose(code: number, reason: string): void {
    this.#closeBackend(code === 1005 ? CloseCode.normal : code, reason);
    super.handleClose(code, reason);
  }

  protected onWebSocketMessage(octets: Uint8Array, isText: boolean): void {
    if (this.isOversized(octets)) {
      this.closeOversized();
      return;
    }
    if (this.#backend.send(octets, isText)) return;
    this.pause();
    this.#watchStall("the backend does not read");
  }

  protected onWebSocketDrain(): void {
    clearTimeout(this.#stall);
    this.#backend.resume();
  }

  protected onWebSocketGivenUp({ code, sentence }: GivenUp): void {
    this.#closeBackend(code, sentence);
  }

  protected onWebSocketClose(reason: string): void {
    clearTimeout(this.#stall);
    this.#closeBackend(CloseCode.goingAway, reason);
  }

  #closeBackend(code: number, reason: string): void {
    if (this.#isBackendClosed) return;
    this.#isBackendClosed = true;
    this.#backend.close(code, reason);
  }

  #watchStall(sentence: string): void {
    clearTimeout(this.#stall);
    if (this.#stallTimeoutMs === 0) return;
    this.#stall = setTimeout(() => {
      this.#closeBackend(CloseCode.policyViolation, sentence);
      this.close(CloseCode.policyViolation, sentence);
    }, this.#stallTimeoutMs);
  }
}

/** The code for the client: codes that are not sent (RFC 6455, section 7.4.1) become an end without a close frame. */
function clientCode(code: number): number {
  if (code === 1005) return CloseCode.normal;
  const isSent = (code >= 1000 && code <= 1014 && code !== 1004) || (code >= 3000 && code <= 4999);
  return isSent ? code : CloseCode.abnormal;
}
