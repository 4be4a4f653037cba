/**
 * UnserializedMessage: a message between two parts of this process, for which nothing is serialized and read again.
 *
 * @module
 */

import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { type MessageItems, type Payload, payloadIn } from "./payload-slice.ts";

const NO_OCTETS = new Uint8Array(0);

/** A head of values, and a payload of octets. */
export class UnserializedMessage implements MessageItems {
  readonly length: number;
  readonly #head: readonly unknown[];
  readonly #payload: Payload;

  /** @throws UnrepresentableValue when the serializer cannot represent a value of the payload. */
  constructor(head: readonly unknown[], payload: Payload, serializer: SerializerName) {
    this.#head = head;
    this.#payload = payloadIn(payload, serializer, head.length);
    this.length = head.length + payload.items.length;
  }

  /** All is read as values, which are at hand. */
  integer(): number {
    return -1;
  }

  isEmptyMap(): boolean {
    return false;
  }

  uri(): undefined {}

  value(index: number): unknown {
    return this.#head[index];
  }

  /** A list in the head is the arguments of a message that the router makes itself. */
  octets(index: number): Uint8Array {
    const { serializer, items } = this.#payload;
    const value = this.#head[index];
    if (Array.isArray(value)) return encodeMessage(value, serializer);
    return items[index - this.#head.length] ?? NO_OCTETS;
  }

  /** All but texts is in memory as it is read. */
  octetCount(index: number): number {
    const value = this.#head[index];
    return typeof value === "string" ? Buffer.byteLength(value) : 0;
  }
}
