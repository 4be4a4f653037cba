/**
 * Cuts a JSON object into the values of its names, so that some are read and others carried.
 *
 * @module
 */

import { readers } from "#wamp/serializer/serializers.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";

/** The octets of each value, borrowed from the object, and the names that are there twice. */
export interface ObjectSlices {
  values: ReadonlyMap<string, Uint8Array>;
  repeated: ReadonlySet<string>;
}

/**
 * Cuts an object of JSON and checks all of it; null: it is some other value.
 *
 * @throws MalformedMessage when it is no JSON.
 */
export function sliceObject(octets: Uint8Array): ObjectSlices | null {
  const bounds = new ValueBounds(octets, readers.json);
  readers.json.read(octets, bounds);
  return bounds.isObject ? bounds : null;
}

/** Is told every token and remembers only where the values of the outermost object are. */
class ValueBounds implements TokenSink, ObjectSlices {
  readonly values = new Map<string, Uint8Array>();
  readonly repeated = new Set<string>();
  isObject = false;
  readonly #octets: Uint8Array;
  readonly #place: { readonly position: number };
  #depth = 0;
  #isName = false;
  #name = "";
  #start = -1;

  constructor(octets: Uint8Array, place: { readonly position: number }) {
    this.#octets = octets;
    this.#place = place;
  }

  beginArray(): void {
    this.#depth++;
  }

  item(): void {}

  endArray(): void {
    this.#depth--;
  }

  beginMap(): void {
    if (this.#depth++ === 0) this.isObject = true;
  }

  key(): void {
    if (this.#depth !== 1 || !this.isObject) return;
    this.#endValue();
    this.#isName = true;
  }

  value(): void {
    if (this.#depth === 1 && this.isObject) this.#start = this.#place.position;
  }

  endMap(): void {
    if (--this.#depth === 0) this.#endValue();
  }

  text(octets: Uint8Array, start: number, end: number): void {
    if (!this.#isName) return;
    this.#isName = false;
    this.#name = Buffer.from(octets.buffer, octets.byteOffset + start, end - start).toString();
  }

  nil(): void {}

  boolean(): void {}

  integer(): void {}

  bigInteger(): void {}

  float(): void {}

  binary(): void {}

  unrepresentable(): void {}

  /** What stands behind the value is white space, and a comma unless it is the last. */
  #endValue(): void {
    if (this.#start < 0) return;
    let end = this.#place.position;
    while (isBetweenValues(this.#octets[end - 1]!)) end--;
    if (this.values.has(this.#name)) this.repeated.add(this.#name);
    this.values.set(this.#name, this.#octets.subarray(this.#start, end));
    this.#start = -1;
  }
}

function isBetweenValues(octet: number): boolean {
  return octet === 0x2c || octet === 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09;
}
