/**
 * A Peer without a connection: it keeps what it is sent, decoded.
 *
 * @module
 */

import type { Peer, PeerHandler, TransportDetails, WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { type MessageSlices, sliceMessage } from "#wamp/transcode/payload-slice.ts";
import { readable, utf8 } from "./utf8.ts";

/** What may differ from a JSON client over WebSocket that takes everything. */
export interface FakePeerOptions {
  serializer?: SerializerName;
  maxSendOctets?: number;
}

/** Records what a session sends; `says` speaks for the other side. */
export class FakePeer implements Peer {
  readonly serializer: SerializerName;
  readonly maxSendOctets: number;
  readonly details: TransportDetails;
  bufferedOctets = 0;
  /** Every message as it was on the wire, JSON as text. */
  readonly wire: (string | Uint8Array)[] = [];
  readonly sent: unknown[][] = [];
  closed: { code: number; reason: string } | undefined;
  paused = false;
  /** False: the other side takes nothing. */
  takes = true;
  #handler: PeerHandler | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: FakePeerOptions = {}) {
    this.serializer = options.serializer ?? "json";
    this.maxSendOctets = options.maxSendOctets ?? Number.POSITIVE_INFINITY;
    this.details = {
      peer: "unix:/fake",
      type: this.serializer === "json" ? "websocket" : "rawsocket",
      serializer: this.serializer,
      isSecure: false,
      isUnixSocket: true,
    };
  }

  /** Connects the session under test. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  says(list: unknown[]): void {
    this.#handler?.onMessage(encodeMessage(list, this.serializer));
  }

  saysOctets(message: string | Uint8Array): void {
    this.#handler?.onMessage(utf8(message));
  }

  disconnect(): void {
    this.#handler?.onClose("gone");
  }

  /** Takes the messages that were sent since the last time. */
  take(): unknown[][] {
    return this.sent.splice(0);
  }

  /** Resolves when a message, or the close, has come. */
  async next(): Promise<unknown[]> {
    while (this.sent.length === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.sent.shift() ?? [];
  }

  send(message: WireMessage): boolean {
    if (this.closed) return true;
    this.wire.push(readable(message, this.serializer));
    const slices = sliceMessage(message, this.serializer);
    this.sent.push(Array.from({ length: slices.length }, (_, index) => valueOrNone(slices, index)));
    if (!this.takes) this.bufferedOctets += message.length;
    for (const wake of this.#waiting.splice(0)) wake();
    return this.takes;
  }

  cork(body: () => void): void {
    body();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }
}

/** An item that is nested too deep for a value is undefined. */
function valueOrNone(slices: MessageSlices, index: number): unknown {
  try {
    return slices.value(index);
  } catch (thrown) {
    if (thrown instanceof UnrepresentableValue) return undefined;
    throw thrown;
  }
}
