/**
 * Slices an object into the values of its names, so that some values are read and others are
 * transcoded.
 *
 * @module
 */

import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { IgnoringSink } from "#wamp/token/ignoring-sink.ts";

/** The values of an object, as slices of its octets, and the names that occur more than once. */
export interface ObjectSlices {
  values: ReadonlyMap<string, Uint8Array>;
  repeated: ReadonlySet<string>;
}

/**
 * Slices an object and checks all of it; null when it is another kind of value.
 *
 * @throws MalformedMessage when it is not of this serializer.
 */
export function sliceObject(octets: Uint8Array, serializer: SerializerName): ObjectSlices | null {
  const { reader } = serializers[serializer];
  const bounds = new ValueBounds(octets, serializer);
  reader.read(octets, bounds);
  return bounds.isObject ? bounds : null;
}

/** Keeps only where the values of the outermost object are. */
class ValueBounds extends IgnoringSink implements ObjectSlices {
  readonly values = new Map<string, Uint8Array>();
  readonly repeated = new Set<string>();
  isObject = false;
  readonly #octets: Uint8Array;
  readonly #serializer: SerializerName;
  #depth = 0;
  #isName = false;
  #name = "";
  #start = -1;

  constructor(octets: Uint8Array, serializer: SerializerName) {
    super();
    this.#octets = octets;
    this.#serializer = serializer;
  }

  override beginArray(): void {
    this.#depth++;
  }

  override endArray(): void {
    this.#depth--;
  }

  override beginMap(): void {
    if (this.#depth++ === 0) this.isObject = true;
  }

  override key(): void {
    if (this.#depth !== 1 || !this.isObject) return;
    this.#endValue();
    this.#isName = true;
  }

  override value(): void {
    if (this.#depth !== 1 || !this.isObject) return;
    // A key that is no text, as there are in CBOR and MsgPack, has no name.
    if (this.#isName) this.#isName = false;
    else this.#start = serializers[this.#serializer].reader.position;
  }

  override endMap(): void {
    if (--this.#depth === 0) this.#endValue();
  }

  override text(octets: Uint8Array, start: number, end: number): void {
    if (!this.#isName) return;
    this.#isName = false;
    this.#name = Buffer.from(octets.buffer, octets.byteOffset + start, end - start).toString();
  }

  #endValue(): void {
    if (this.#start < 0) return;
    const { reader, itemEnd } = serializers[this.#serializer];
    const end = itemEnd(this.#octets, reader.position);
    if (this.values.has(this.#name)) this.repeated.add(this.#name);
    this.values.set(this.#name, this.#octets.subarray(this.#start, end));
    this.#start = -1;
  }
}
