/**
 * WebSocketPeer: the Peer over a WebSocket, accepted or connected.
 *
 * @module
 */

import {
  CloseCode,
  type GivenUp,
  type MessageParts,
  type Peer,
  type PeerHandler,
  type TransportDetails,
  type WireMessage,
} from "#wamp/peer.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { WebSocketConnection, type WebSocketConnectionOptions } from "./websocket-connection.ts";

/** A client, or a router, at the other side of a WebSocket. */
export class WebSocketPeer extends WebSocketConnection implements Peer {
  readonly serializer: SerializerName;
  readonly details: TransportDetails;
  /** Whether messages travel in text frames instead of binary ones. */
  readonly #usesText: boolean;
  #handler: PeerHandler | undefined;

  constructor(options: WebSocketConnectionOptions, details: TransportDetails) {
    super(options);
    this.serializer = details.serializer;
    this.#usesText = !serializers[details.serializer].isBinary;
    this.details = details;
  }

  // No field, which would take memory of every connection.
  /** A WebSocket cannot announce a limit. */
  get maxSendOctets(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Sets the handler; to be called once, before the first `received`. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  send(message: WireMessage): boolean {
    return this.sendMessage(message, this.#usesText);
  }

  sendPart(octets: Uint8Array): boolean {
    return this.sendFragment(octets, this.#usesText);
  }

  takeBackMessage(): void {
    this.takeBackFragments(this.#usesText);
  }

  protected override onWebSocketLongMessage(
    head: Uint8Array,
    octets: number,
    isText: boolean,
  ): MessageParts | null {
    if (isText !== this.#usesText) return null;
    return this.#handler?.onLongMessage?.(head, octets) ?? null;
  }

  protected onWebSocketMessage(octets: Uint8Array, isText: boolean): void {
    if (isText !== this.#usesText) {
      const expected = isText ? "binary" : "text";
      this.close(CloseCode.unsupportedData, `${this.serializer} travels in ${expected} messages`);
    } else if (this.isOversized(octets)) {
      if (!this.#handler?.onOversized?.(octets)) this.closeOversized();
    } else {
      this.#handler?.onMessage(octets);
    }
  }

  protected override isLeaving(): boolean {
    return this.#handler?.isLeaving?.() ?? false;
  }

  protected onWebSocketDrain(): void {
    this.#handler?.onDrain();
  }

  protected onWebSocketGivenUp(end: GivenUp): void {
    this.#handler?.onGivenUp?.(end);
  }

  protected onWebSocketClose(reason: string): void {
    this.#handler?.onClose(reason);
  }
}
