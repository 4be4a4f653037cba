/**
 * Slices a message into its items, so that a router reads the head and forwards the payload.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import { KnownUris } from "#wamp/serializer/known-uris.ts";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { readItem } from "#wamp/serializer/read-value.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import { isEmptyMapAt, usualIntegerAt, usualItemBounds } from "#wamp/serializer/usual-items.ts";
import { writeMessage } from "#wamp/serializer/write-value.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { IgnoringSink } from "#wamp/token/ignoring-sink.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { transcodeItem } from "./transcoder.ts";

/** Items as they were received, and their serializer. */
export interface Payload {
  serializer: SerializerName;
  items: Uint8Array[];
}

/** The items of one message, by their index. */
export interface MessageItems {
  readonly length: number;
  /** Item `index` if it is an integer from 0 to 2^53 - 1; -1: it is none, or has to be read as a value. */
  integer(index: number): number;
  /** Whether item `index` is an empty map; false also where it has to be read as a value. */
  isEmptyMap(index: number): boolean;
  /** Item `index` if it is a URI by WAMP's loose rules; undefined: it is none, or has to be read as a value. */
  uri(index: number): string | undefined;
  /** Item `index` as a JavaScript value; undefined when there is no such item. */
  value(index: number): unknown;
  /** The octets of item `index`; none when there is no such item. */
  octets(index: number): Uint8Array;
  /** How many octets are read for the value of item `index`. */
  octetCount(index: number): number;
}

const uris = new KnownUris();

/** The items of one message or list, as slices of its octets. */
export class MessageSlices implements MessageItems {
  readonly length: number;
  /** What is malformed behind the items; undefined: nothing. */
  readonly fault: MalformedMessage | undefined;
  readonly #octets: Uint8Array;
  readonly #serializer: SerializerName;
  /** Where each item begins, and where the last one ends. */
  readonly #bounds: readonly number[];

  constructor(
    octets: Uint8Array,
    serializer: SerializerName,
    bounds: readonly number[],
    fault?: MalformedMessage,
  ) {
    this.fault = fault;
    this.#octets = octets;
    this.#serializer = serializer;
    this.#bounds = bounds;
    this.length = Math.max(0, bounds.length - 1);
  }

  integer(index: number): number {
    return index < this.length
      ? usualIntegerAt(this.#octets, this.#bounds[index] as number, this.#serializer)
      : -1;
  }

  isEmptyMap(index: number): boolean {
    return (
      index < this.length &&
      isEmptyMapAt(this.#octets, this.#bounds[index] as number, this.#serializer)
    );
  }

  uri(index: number): string | undefined {
    if (index >= this.length) return undefined;
    const start = this.#bounds[index] as number;
    return uris.at(this.#octets, start, this.#bounds[index + 1] as number, this.#serializer);
  }

  /**
   * Item `index` as a JavaScript value; undefined when there is no such item.
   *
   * @throws UnrepresentableValue when no JavaScript value can represent it, such as an unknown tag.
   */
  value(index: number): unknown {
    if (index < 0 || index >= this.length) return undefined;
    return readItem(this.octets(index), this.#serializer);
  }

  /** The octets of item `index` as they were received; none when there is no such item. */
  octets(index: number): Uint8Array {
    const start = this.#bounds[index];
    const end = this.#bounds[index + 1];
    if (start === undefined || end === undefined) return this.#octets.subarray(0, 0);
    const { itemEnd } = serializers[this.#serializer];
    return this.#octets.subarray(start, itemEnd(this.#octets, end));
  }

  octetCount(index: number): number {
    return this.octets(index).length;
  }
}

/**
 * Slices a message into its items and checks all of it.
 *
 * @throws MalformedMessage when it is not a well-formed list that begins with a message type.
 */
export function sliceMessage(octets: WireMessage, serializer: SerializerName): MessageSlices {
  const slices = sliceList(octets, serializer);
  // The relay forwards no message whose type cannot be peeked, so a router takes none either.
  peekMessageType(octets, serializer);
  return slices;
}

/**
 * Slices a list into its items and checks all of it; another value has none.
 *
 * @throws MalformedMessage when it is not of this serializer.
 */
export function sliceList(octets: Uint8Array, serializer: SerializerName): MessageSlices {
  const usual = usualItemBounds(octets, serializer);
  if (usual !== undefined) return new MessageSlices(octets, serializer, usual);
  const { reader } = serializers[serializer];
  const bounds = new ItemBounds(reader);
  reader.read(octets, bounds);
  return new MessageSlices(octets, serializer, bounds.bounds);
}

/**
 * Slices a message that may be malformed into the items before its fault; there are none when it
 * has no message type.
 */
export function sliceSoundItems(octets: WireMessage, serializer: SerializerName): MessageSlices {
  const { reader } = serializers[serializer];
  const bounds = new ItemBounds(reader);
  let fault: MalformedMessage | undefined;
  try {
    reader.read(octets, bounds);
  } catch (thrown) {
    if (!(thrown instanceof MalformedMessage)) throw thrown;
    fault = thrown;
  }
  return new MessageSlices(octets, serializer, bounds.isMessage ? bounds.bounds : [], fault);
}

/** Keeps only where the items of the outermost list are. */
class ItemBounds extends IgnoringSink {
  readonly bounds: number[] = [];
  isMessage = false;
  readonly #reader: { readonly position: number };
  #depth = 0;

  constructor(reader: { readonly position: number }) {
    super();
    this.#reader = reader;
  }

  override beginArray(): void {
    this.#depth++;
  }

  override item(): void {
    if (this.#depth === 1) this.bounds.push(this.#reader.position);
  }

  override endArray(): void {
    if (--this.#depth === 0) this.bounds.push(this.#reader.position);
  }

  override beginMap(): void {
    this.#depth++;
  }

  override endMap(): void {
    this.#depth--;
  }

  override integer(value: number): void {
    const isFirstItem = this.#depth === 1 && this.bounds.length === 1;
    if (isFirstItem && value >= 0) this.isMessage = true;
  }
}

/** The arguments and keyword arguments of a payload; null in place of the arguments is none, as in Crossbar. */
export function payloadItems(items: Uint8Array[], serializer: SerializerName): Uint8Array[] {
  const args = items[0];
  if (args === undefined || serializers[serializer].kindOf(args[0] ?? 0) !== "null") return items;
  if (items.length === 1) return [];
  return [encodeMessage([], serializer), ...items.slice(1)];
}

const built = new OctetBuffer();

/**
 * A message of head values and payload items, valid until the next one is built.
 *
 * @throws UnrepresentableValue when the target cannot represent a value of the payload.
 */
export function buildMessage(
  head: readonly unknown[],
  payload: Payload,
  target: SerializerName,
): WireMessage {
  const { items } = payloadIn(payload, target, head.length);
  const { writer } = serializers[target];
  writer.clear();
  writeMessage(head, items, writer);
  built.clear();
  built.append(writer.out.octets, 0, writer.out.length);
  return built.take();
}

/**
 * A payload in another serializer, as it is if that is its own; its items are those of a message from index `from` on.
 *
 * @throws UnrepresentableValue when the target cannot represent a value of it.
 */
export function payloadIn(payload: Payload, target: SerializerName, from: number): Payload {
  const { serializer, items } = payload;
  if (serializer === target) return payload;
  const transcoded = items.map((item, at) => transcodedAt(from + at, item, serializer, target));
  return { serializer: target, items: transcoded };
}

function transcodedAt(
  index: number,
  item: Uint8Array,
  from: SerializerName,
  to: SerializerName,
): Uint8Array {
  try {
    return transcodeItem(item, from, to);
  } catch (error) {
    throw error instanceof UnrepresentableValue ? error.below([index]) : error;
  }
}
