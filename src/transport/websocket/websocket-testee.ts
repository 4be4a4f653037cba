/**
 * The testee: sends every message of one WebSocket back as it came, text as text and octets as
 * octets, so that a test suite can judge the protocol below. No WAMP, no subprotocol.
 *
 * @module
 */

import { CloseCode } from "#wamp/peer.ts";
import { WebSocketConnection } from "./websocket-connection.ts";

/** One connection to a testee. */
export class WebSocketTestee extends WebSocketConnection {
  protected onWebSocketMessage(octets: Uint8Array, isText: boolean): void {
    const limit = this.options.max_message_size;
    if (octets.length > limit) {
      this.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
    } else if (!this.sendMessage(octets, isText)) {
      this.pause();
    }
  }

  /** The client reads again what came back, so it may send again. */
  protected onWebSocketDrain(): void {
    this.resume();
  }

  protected onWebSocketClose(): void {}
}
