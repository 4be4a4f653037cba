/**
 * Tokens to JavaScript values, for the messages that are read and not only carried.
 *
 * @module
 */

import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { readMessage } from "./serializers.ts";

type Container = { list: unknown[] } | { map: Record<string, unknown>; key: string };

/**
 * The value that a message or one of its items is.
 *
 * @throws MalformedMessage when the octets are not the serializer's, or no value can be made of
 * them: what is read and not only carried has to be plain.
 */
export function readValue(message: WireMessage, serializer: SerializerName): unknown {
  try {
    return readPlainValue(message, serializer);
  } catch (error) {
    if (!(error instanceof UnrepresentableValue)) throw error;
    throw new MalformedMessage(serializer, error.message);
  }
}

/**
 * The value that a message or one of its items is.
 *
 * @throws MalformedMessage when the octets are not the serializer's; UntellableValue when no value
 * can be made of them.
 */
export function readPlainValue(message: WireMessage, serializer: SerializerName): unknown {
  const sink = new ValueSink();
  readMessage(message, serializer, sink);
  return sink.result;
}

/** Builds plain lists and objects; big integers become bigints, binary becomes copied octets. */
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
    this.#take(value);
  }

  float(value: number): void {
    this.#refuseKey("a float");
    this.#take(value);
  }

  text(octets: Uint8Array, start: number, end: number): void {
    this.#take(Buffer.from(octets.buffer, octets.byteOffset + start, end - start).toString());
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
      // A plain assignment would change the prototype instead.
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
