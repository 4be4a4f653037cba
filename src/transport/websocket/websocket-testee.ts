/**
 * WebSocketTestee: echoes every message of one WebSocket, text as text and binary as binary, for test suites
 * of the WebSocket protocol. It has no WAMP and no subprotocol.
 *
 * @module
 */

import { WebSocketConnection } from "./websocket-connection.ts";

/** One connection to the testee. */
export class WebSocketTestee extends WebSocketConnection {
  protected onWebSocketMessage(octets: Uint8Array, isText: boolean): void {
    if (this.isOversized(octets)) this.closeOversized();
    else if (!this.sendMessage(octets, isText)) this.pause();
  }

  /** The client reads the echoes again, so it is read again. */
  protected onWebSocketDrain(): void {
    this.resume();
  }

  protected onWebSocketClose(): void {}
}
