/**
 * The table of serializers.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";
import { cborSerializer } from "./cbor/cbor-serializer.ts";
import { jsonSerializer } from "./json/json-serializer.ts";
import { msgpackSerializer } from "./msgpack/msgpack-serializer.ts";
import type { Serializer } from "./serializer.ts";

/** Every serializer by its name. */
export const serializers: Readonly<Record<SerializerName, Serializer>> = {
  json: jsonSerializer,
  msgpack: msgpackSerializer,
  cbor: cborSerializer,
};
