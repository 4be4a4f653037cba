/**
 * JavaScript values for the packages that encode CBOR and MsgPack.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";

/**
 * Encodes values with a package. Integers stay integers, undefined properties are omitted.
 *
 * @throws UnrepresentableValue when an integer has more bits than the package can encode.
 */
export function encodeWith(
  encode: (value: unknown) => Uint8Array,
  values: readonly unknown[],
  serializer: SerializerName,
): Uint8Array {
  const prepared = values.map(prepareValue);
  try {
    // The packages reuse their buffer, so the result is copied.
    return new Uint8Array(encode(prepared));
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new UnrepresentableValue(`a value in ${serializer}: ${thrown.message}`);
  }
}

/**
 * Both packages encode an integer above 2^32 as a float unless it is a bigint, and undefined as a
 * value that no other language has.
 */
function prepareValue(value: unknown): unknown {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && Math.abs(value) > 0x7fffffff ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(prepareValue);
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) =>
        item === undefined ? [] : [[key, prepareValue(item)]],
      ),
    );
  }
  return value;
}
