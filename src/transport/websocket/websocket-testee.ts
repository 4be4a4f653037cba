/**
 * The testee: sends every message of one WebSocket back as it came, text as text and octets as
 * octets, so that a test suite can judge the protocol below. No WAMP, no subprotocol.
 *
 * @module
 */

import { CloseCode } from "#wamp/peer.ts";
import { WebSocketStream } from "./websocket-stream.ts";

/** One connection to a testee. */
export class WebSocketTestee extends WebSocketStream {
  protected onStreamMessage(octets: Uint8Array, isText: boolean): void {
    const limit = this.options.max_message_size;
    if (octets.length > limit) {
      this.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
    } else if (!this.sendMessage(octets, isText)) {
      this.pause();
    }
  }

  /** The client reads again what came back, so it may send again. */
  protected onStreamDrain(): void {
    this.resume();
  }

  protected onStreamClose(): void {}
}
