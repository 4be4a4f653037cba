/**
 * WebSocketTestee: echoes every message of one WebSocket, text as text and binary as binary, for test suites
 * of the WebSocket protocol. It has no WAMP and no subprotocol.
 *
 * @module
 */

import { CloseCode } from "#wamp/peer.ts";
import { WebSocketConnection } from "./websocket-connection.ts";

/** One connection to the testee. */
export class WebSocketTestee extends WebSocketConnection {
  protected onWebSocketMessage(octets: Uint8Array, isText: boolean): void {
    const limit = this.options.max_message_size;
    if (octets.length > limit) {
      this.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
    } else if (!this.sendMessage(octets, isText)) {
      this.pause();
    }
  }

  /** The client reads the echoes again, so it is read again. */
  protected onWebSocketDrain(): void {
    this.resume();
  }

  protected onWebSocketClose(): void {}
}
