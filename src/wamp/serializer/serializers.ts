/**
 * The table of serializers.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { peekCbor } from "./cbor/cbor-list.ts";
import { cborSerializer } from "./cbor/cbor-serializer.ts";
import { peekJson } from "./json/json-list.ts";
import { jsonSerializer } from "./json/json-serializer.ts";
import { peekMsgpack } from "./msgpack/msgpack-list.ts";
import { msgpackSerializer } from "./msgpack/msgpack-serializer.ts";
import type { Serializer } from "./serializer.ts";

/** Every serializer by its name. */
export const serializers: Readonly<Record<SerializerName, Serializer>> = {
  json: jsonSerializer,
  msgpack: msgpackSerializer,
  cbor: cborSerializer,
};

/**
 * The type of a message, from its first octets; -1 when it does not begin with one.
 *
 * The relay calls this for every message. Comparing names takes half the time of an attribute of
 * the table or a switch, which look the name up in a hash table.
 */
export function peek(message: WireMessage, serializer: SerializerName): number {
  if (serializer === "json") return peekJson(message);
  if (serializer === "msgpack") return peekMsgpack(message);
  if (serializer === "cbor") return peekCbor(message);
  return serializer satisfies never;
}
