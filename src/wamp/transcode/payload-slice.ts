/**
 * Cuts a message into its items, so that a router reads the head and carries the payload.
 *
 * @module
 */

import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/control-message-values.ts";
import { octetsOf, readers } from "#wamp/serializer/serializers.ts";
import { readPlainValue } from "#wamp/serializer/value-sink.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { textOf, transcodeItem } from "./transcoder.ts";

/** Octets of items as they came, with their serializer. */
export interface Payload {
  serializer: SerializerName;
  items: Uint8Array[];
}

/** The items of one message; its octets are borrowed from the message. */
export class MessageSlices {
  readonly length: number;
  readonly #octets: Uint8Array;
  readonly #serializer: SerializerName;
  /** Where each item begins, and where the last one ends. */
  readonly #bounds: readonly number[];

  constructor(octets: Uint8Array, serializer: SerializerName, bounds: readonly number[]) {
    this.#octets = octets;
    this.#serializer = serializer;
    this.#bounds = bounds;
    this.length = Math.max(0, bounds.length - 1);
  }

  /**
   * Item `index` as a value, undefined where there is none.
   *
   * @throws UntellableValue when no value can be made of it, such as of an unknown tag.
   */
  value(index: number): unknown {
    if (index < 0 || index >= this.length) return undefined;
    return readPlainValue(this.octets(index), this.#serializer);
  }

  /** The octets of item `index` as they came. */
  octets(index: number): Uint8Array {
    const start = this.#bounds[index];
    let end = this.#bounds[index + 1];
    if (start === undefined || end === undefined) return this.#octets.subarray(0, 0);
    if (this.#serializer === "json") {
      while (isBetweenItems(this.#octets[end - 1]!)) end--;
    }
    return this.#octets.subarray(start, end);
  }
}

/**
 * Cuts a message into its items and checks all of it.
 *
 * @throws MalformedMessage when it is not well-formed, or no list that begins with an integer.
 */
export function sliceMessage(message: WireMessage, serializer: SerializerName): MessageSlices {
  const octets = typeof message === "string" ? Buffer.from(octetsOf(message)) : message;
  const bounds = new ItemBounds(readers[serializer]);
  readers[serializer].read(octets, bounds);
  if (!bounds.isMessage) throw new MalformedMessage(serializer, "not a list with a message type");
  return new MessageSlices(octets, serializer, bounds.bounds);
}

/**
 * Cuts a message into the items that are sound, of one that may be malformed from somewhere on.
 * Without a message type there are none.
 */
export function sliceSoundItems(message: WireMessage, serializer: SerializerName): MessageSlices {
  const octets = typeof message === "string" ? Buffer.from(message) : message;
  const bounds = new ItemBounds(readers[serializer]);
  try {
    readers[serializer].read(octets, bounds);
  } catch (thrown) {
    if (!(thrown instanceof MalformedMessage)) throw thrown;
  }
  return new MessageSlices(octets, serializer, bounds.isMessage ? bounds.bounds : []);
}

/** Is told every token of a message and remembers only where the items of its list are. */
class ItemBounds implements TokenSink {
  readonly bounds: number[] = [];
  isMessage = false;
  readonly #place: { readonly position: number };
  #depth = 0;
  #isFirst = false;

  constructor(place: { readonly position: number }) {
    this.#place = place;
  }

  beginArray(): void {
    this.#isFirst = false;
    this.#depth++;
  }

  item(index: number): void {
    if (this.#depth !== 1) return;
    this.bounds.push(this.#place.position);
    this.#isFirst = index === 0;
  }

  endArray(): void {
    if (--this.#depth === 0) this.bounds.push(this.#place.position);
  }

  beginMap(): void {
    this.#isFirst = false;
    this.#depth++;
  }

  key(): void {}

  value(): void {}

  endMap(): void {
    this.#depth--;
  }

  nil(): void {}

  boolean(): void {}

  integer(value: number): void {
    if (this.#isFirst && this.#depth === 1 && value >= 0) this.isMessage = true;
    this.#isFirst = false;
  }

  bigInteger(): void {}

  float(): void {}

  text(): void {}

  binary(): void {}

  unrepresentable(): void {}
}

const built = new OctetBuffer();

/**
 * A message of head values and payload items, borrowed until the next one is built.
 *
 * @throws UntellableValue when the target has no word for a value of the payload.
 */
export function buildMessage(
  head: readonly unknown[],
  payload: Payload,
  target: SerializerName,
  isText: boolean,
): WireMessage {
  const { serializer, items } = payload;
  if (items.length === 0) return encodeMessage(head, target, isText);
  const encodedHead = encodeMessage(head, target, false) as Uint8Array;
  built.clear();
  if (target === "json") {
    built.append(encodedHead, 0, encodedHead.length - 1);
  } else {
    const count = head.length + items.length;
    if (count > 15) throw new RangeError(`a WAMP message has no ${count} items`);
    built.append(encodedHead, 0, encodedHead.length);
    built.octets[0] = (target === "cbor" ? 0x80 : 0x90) | count;
  }
  items.forEach((item, index) => {
    if (target === "json") built.appendAscii(head.length + index > 0 ? "," : "");
    const octets =
      serializer === target ? item : transcodedAt(head.length + index, item, payload, target);
    built.append(octets, 0, octets.length);
  });
  if (target === "json") built.appendAscii("]");
  const octets = built.take();
  return isText ? textOf(octets) : octets;
}

function transcodedAt(
  index: number,
  item: Uint8Array,
  payload: Payload,
  target: SerializerName,
): Uint8Array {
  try {
    return transcodeItem(item, payload.serializer, target);
  } catch (error) {
    throw error instanceof UnrepresentableValue ? error.belowIndex(index) : error;
  }
}

/** White space of JSON, or the comma before the next item. */
function isBetweenItems(octet: number): boolean {
  return octet === 0x2c || octet === 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09;
}
