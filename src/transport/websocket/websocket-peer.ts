/**
 * A Peer over one WebSocket that a client opened.
 *
 * JSON travels in text frames as octets, so that nothing becomes a string on the way.
 *
 * @module
 */

import {
  CloseCode,
  isLongerThan,
  type Peer,
  type PeerHandler,
  type SerializerName,
  type TransportDetails,
  type WireMessage,
} from "#wamp/peer.ts";
import { WebSocketConnection, type WebSocketConnectionOptions } from "./websocket-connection.ts";

/** The client at the other end of a WebSocket. */
export class WebSocketPeer extends WebSocketConnection implements Peer {
  readonly isText = false;
  readonly serializer: SerializerName;
  readonly details: TransportDetails;
  /** WebSocket has no way to announce a limit. */
  readonly maxSendOctets = Number.POSITIVE_INFINITY;
  #handler: PeerHandler | undefined;

  constructor(stream: WebSocketConnectionOptions, details: TransportDetails) {
    super(stream);
    this.serializer = details.serializer;
    this.details = details;
  }

  /** Names who is told of messages; to be called once, before the first octets are handed in. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  send(message: WireMessage): boolean {
    const octets = typeof message === "string" ? Buffer.from(message) : message;
    return this.sendMessage(octets, this.serializer === "json");
  }

  protected onWebSocketMessage(octets: Uint8Array, isText: boolean): void {
    if (isText !== (this.serializer === "json")) {
      const expected = isText ? "binary" : "text";
      this.close(CloseCode.unsupportedData, `${this.serializer} travels in ${expected} messages`);
    } else if (isLongerThan(octets, this.options.max_message_size)) {
      this.#refuseOversized(octets);
    } else {
      this.#handler?.onMessage(octets);
    }
  }

  protected onWebSocketDrain(): void {
    this.#handler?.onDrain();
  }

  protected onWebSocketClose(reason: string): void {
    this.#handler?.onClose(reason);
  }

  #refuseOversized(message: Uint8Array): void {
    if (this.#handler?.onOversized?.(message)) return;
    const limit = this.options.max_message_size;
    this.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
  }
}
