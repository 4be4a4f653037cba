/**
 * Results of calls as values of templates: those that Python gets for the same octets.
 *
 * @module
 */

import type { Value } from "#template/engine-value.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";

/**
 * The value of one item of a payload.
 *
 * @throws UnrepresentableValue when templates have no such value, such as that of an unknown tag of CBOR.
 */
export function templateValue(octets: Uint8Array, serializer: SerializerName): Value {
  const sink = new TemplateValueSink();
  serializers[serializer].reader.read(octets, sink, 1);
  return sink.result;
}

/** A list, or a map with the key whose value is awaited. */
type Container = { list: Value[] } | { map: Map<Value, Value>; key: Value | undefined };

/** Builds lists, dictionaries and what they contain. */
class TemplateValueSink implements TokenSink {
  result: Value = null;
  readonly #open: Container[] = [];
  #isKey = false;

  clear(): void {
    this.result = null;
    this.#open.length = 0;
    this.#isKey = false;
  }

  beginArray(): void {
    this.#refuseKey("a list");
    this.#open.push({ list: [] });
  }

  item(): void {}

  endArray(): void {
    this.#close();
  }

  beginMap(): void {
    this.#refuseKey("a map");
    this.#open.push({ map: new Map(), key: undefined });
  }

  key(): void {
    this.#isKey = true;
  }

  value(): void {
    this.#isKey = false;
  }

  endMap(): void {
    this.#close();
  }

  nil(): void {
    this.#take(null);
  }

  boolean(value: boolean): void {
    this.#take(value);
  }

  integer(value: number): void {
    this.#take(BigInt(value));
  }

  bigInteger(value: bigint): void {
    this.#take(value);
  }

  float(value: number): void {
    this.#take(value);
  }

  text(octets: Uint8Array, start: number, end: number): void {
    this.#take(Buffer.from(octets.buffer, octets.byteOffset + start, end - start).toString("utf8"));
  }

  binary(octets: Uint8Array, start: number, end: number): void {
    this.#take(new Uint8Array(octets.subarray(start, end)));
  }

  unrepresentable(what: string): void {
    throw new UnrepresentableValue(`${what} as a value of a template`);
  }

  #close(): void {
    const closed = this.#open.pop();
    if (closed === undefined) return;
    this.#take("list" in closed ? closed.list : closed.map);
  }

  #take(value: Value): void {
    const container = this.#open.at(-1);
    if (container === undefined) this.result = value;
    else if ("list" in container) container.list.push(value);
    else if (this.#isKey) container.key = value;
    else if (container.key !== undefined) container.map.set(container.key, value);
  }

  #refuseKey(kind: string): void {
    if (this.#isKey) throw new UnrepresentableValue(`${kind} as a key of a value of a template`);
  }
}
