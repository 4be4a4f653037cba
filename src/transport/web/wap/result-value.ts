/**
 * Results of calls as values of templates: those that Python gets for the same octets.
 *
 * @module
 */

import type { Value } from "#template/engine-value.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { readKind, type ValueKind } from "#wamp/token/value-sink.ts";

/** Python has one type of integers, and keys of any type but lists and maps. */
const TEMPLATE_VALUES: ValueKind<Map<unknown, unknown>> = {
  name: "a value of a template",
  hasKeysOfAnyType: true,
  integer: BigInt,
  bigInteger: (value) => value,
  newMap: () => new Map(),
  set: (map, key, value) => void map.set(key, value),
};

/**
 * The value of one item of a payload.
 *
 * @throws UnrepresentableValue when templates have no such value, such as that of an unknown tag of CBOR.
 */
export function templateValue(octets: Uint8Array, serializer: SerializerName): Value {
  return readKind(TEMPLATE_VALUES, serializers[serializer].reader, octets, 1) as Value;
}
