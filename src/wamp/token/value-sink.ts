/**
 * Tokens to values: those of JavaScript, or of another kind that is handed in.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { TokenReader } from "./token-reader.ts";
import type { TokenSink } from "./token-sink.ts";
import { UnrepresentableValue } from "./unrepresentable-value.ts";

/** Of any octets, not only of a Buffer: so no view of the part is made. */
const { utf8Slice } = Buffer.prototype;

/** The values that tokens become, as far as their kinds differ; all have lists, texts, octets and floats. */
export interface ValueKind<M> {
  /** Names one of them in the sentence of an UnrepresentableValue. */
  readonly name: string;
  /** Whether null, booleans, floats and octets are keys of maps too, beside texts and integers. */
  readonly hasKeysOfAnyType: boolean;
  integer(value: number): unknown;
  bigInteger(value: bigint): unknown;
  newMap(): M;
  set(map: M, key: unknown, value: unknown): void;
}

/** An id, like all integers below it, is a number. */
const HIGHEST_ID = 2n ** 53n;

/** Plain objects; big integers are bigints. */
const JAVASCRIPT: ValueKind<Record<string, unknown>> = {
  name: "a value",
  hasKeysOfAnyType: false,
  integer: (value) => value,
  bigInteger: (value) => (value === HIGHEST_ID ? Number(value) : value),
  newMap: () => ({}),
  set(map, key, value) {
    const name = String(key);
    if (name === "__proto__") {
      // An assignment would set the prototype.
      const writable = { value, enumerable: true, configurable: true, writable: true };
      Object.defineProperty(map, name, writable);
    } else {
      map[name] = value;
    }
  },
};

/**
 * The JavaScript value of a serialized value, which `enclosing` lists and maps contain in its message.
 *
 * @throws MalformedMessage when the reader cannot read it; UnrepresentableValue when no JavaScript
 * value can represent it.
 */
export function readWith(reader: TokenReader, message: WireMessage, enclosing = 0): unknown {
  return readKind(JAVASCRIPT, reader, message, enclosing);
}

/**
 * The same as a value of another kind.
 *
 * @throws MalformedMessage when the reader cannot read it; UnrepresentableValue when there is no such value.
 */
export function readKind<M>(
  kind: ValueKind<M>,
  reader: TokenReader,
  message: WireMessage,
  enclosing: number,
): unknown {
  const sink = new ValueSink(kind);
  reader.read(message, sink, enclosing);
  return sink.result;
}

/** A list, or a map with the key whose value is awaited. */
type Container<M> = { list: unknown[] } | { map: M; key: unknown };

/** Builds lists, maps and what they contain; octets are copies. */
class ValueSink<M> implements TokenSink {
  result: unknown;
  readonly #kind: ValueKind<M>;
  readonly #open: Container<M>[] = [];
  #isKey = false;

  constructor(kind: ValueKind<M>) {
    this.#kind = kind;
  }

  clear(): void {
    this.result = undefined;
    this.#open.length = 0;
    this.#isKey = false;
  }

  beginArray(): void {
    if (this.#isKey) this.#refuseKey("a list");
    this.#open.push({ list: [] });
  }

  item(): void {}

  endArray(): void {
    this.#close();
  }

  beginMap(): void {
    if (this.#isKey) this.#refuseKey("a map");
    this.#open.push({ map: this.#kind.newMap(), key: undefined });
  }

  key(): void {
    this.#isKey = true;
  }

  value(): void {}

  endMap(): void {
    this.#close();
  }

  nil(): void {
    this.#takeScalar(null, "null");
  }

  boolean(value: boolean): void {
    this.#takeScalar(value, "a boolean");
  }

  integer(value: number): void {
    this.#take(this.#kind.integer(value));
  }

  bigInteger(value: bigint): void {
    this.#take(this.#kind.bigInteger(value));
  }

  float(value: number): void {
    this.#takeScalar(value, "a float");
  }

  text(octets: Uint8Array, start: number, end: number): void {
    this.#take(utf8Slice.call(octets, start, end));
  }

  binary(octets: Uint8Array, start: number, end: number): void {
    this.#takeScalar(new Uint8Array(octets.subarray(start, end)), "binary");
  }

  unrepresentable(what: string): void {
    throw new UnrepresentableValue(`${what} as ${this.#kind.name}`);
  }

  #close(): void {
    const closed = this.#open.pop()!;
    this.#take("list" in closed ? closed.list : closed.map);
  }

  /** Takes a value that is no key in JavaScript. */
  #takeScalar(value: unknown, type: string): void {
    if (this.#isKey && !this.#kind.hasKeysOfAnyType) this.#refuseKey(type);
    this.#take(value);
  }

  #take(value: unknown): void {
    const container = this.#open.at(-1);
    if (container === undefined) {
      this.result = value;
    } else if ("list" in container) {
      container.list.push(value);
    } else if (this.#isKey) {
      container.key = value;
      this.#isKey = false;
    } else {
      this.#kind.set(container.map, container.key, value);
    }
  }

  #refuseKey(type: string): never {
    throw new UnrepresentableValue(`${type} as a key of ${this.#kind.name}`);
  }
}
