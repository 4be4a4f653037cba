/**
 * Names of the serializers, without their code, so that configuration is read without it.
 *
 * @module
 */

/** Every serializer, named as in `wamp.2.<name>` and in node.json. */
export const SERIALIZER_NAMES = ["json", "msgpack", "cbor"] as const;

/** The name of a serializer. */
export type SerializerName = (typeof SERIALIZER_NAMES)[number];

/** The serializers of a transport that names none, in order of preference. */
export const DEFAULT_SERIALIZERS: readonly SerializerName[] = ["cbor", "msgpack", "json"];
