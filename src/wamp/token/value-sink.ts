/**
 * Tokens to JavaScript values.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { TokenReader } from "./token-reader.ts";
import type { TokenSink } from "./token-sink.ts";
import { UnrepresentableValue } from "./unrepresentable-value.ts";

/** Of any octets, not only of a Buffer: so no view of the part is made. */
const { utf8Slice } = Buffer.prototype;

type Container = { list: unknown[] } | { map: Record<string, unknown>; key: string };

/**
 * The JavaScript value of a serialized value, which `enclosing` lists and maps contain in its message.
 *
 * @throws MalformedMessage when the reader cannot read it; UnrepresentableValue when no JavaScript
 * value can represent it.
 */
export function readWith(reader: TokenReader, message: WireMessage, enclosing = 0): unknown {
  const sink = new ValueSink();
  reader.read(message, sink, enclosing);
  return sink.result;
}

/** An id, like all integers below it, is a number. */
const HIGHEST_ID = 2n ** 53n;

/** Builds plain lists and objects; big integers become bigints, binary becomes a copy of its octets. */
class ValueSink implements TokenSink {
  result: unknown;
  readonly #open: Container[] = [];
  #isKey = false;

  clear(): void {
    this.result = undefined;
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
    this.#open.push({ map: {}, key: "" });
  }

  key(): void {
    this.#isKey = true;
  }

  value(): void {}

  endMap(): void {
    this.#close();
  }

  nil(): void {
    this.#refuseKey("null");
    this.#take(null);
  }

  boolean(value: boolean): void {
    this.#refuseKey("a boolean");
    this.#take(value);
  }

  integer(value: number): void {
    this.#take(value);
  }

  bigInteger(value: bigint): void {
    this.#take(value === HIGHEST_ID ? Number(value) : value);
  }

  float(value: number): void {
    this.#refuseKey("a float");
    this.#take(value);
  }

  text(octets: Uint8Array, start: number, end: number): void {
    this.#take(utf8Slice.call(octets, start, end));
  }

  binary(octets: Uint8Array, start: number, end: number): void {
    this.#refuseKey("binary");
    this.#take(new Uint8Array(octets.subarray(start, end)));
  }

  unrepresentable(what: string): void {
    throw new UnrepresentableValue(`${what} as a value`);
  }

  #close(): void {
    const closed = this.#open.pop()!;
    this.#take("list" in closed ? closed.list : closed.map);
  }

  #take(value: unknown): void {
    const container = this.#open.at(-1);
    if (container === undefined) {
      this.result = value;
    } else if ("list" in container) {
      container.list.push(value);
    } else if (this.#isKey) {
      container.key = String(value);
      this.#isKey = false;
    } else if (container.key === "__proto__") {
      // An assignment would set the prototype.
      const writable = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(container.map, "__proto__", writable);
    } else {
      container.map[container.key] = value;
    }
  }

  #refuseKey(kind: string): void {
    if (this.#isKey) throw new UnrepresentableValue(`${kind} as a key of a value`);
  }
}
