/**
 * The serializer that is written, as a type parameter: so each reader is compiled once for each target,
 * and no target is looked up while a message is read.
 */

/** CBOR. */
export type Cbor = u8;
/** MsgPack. */
export type Msgpack = u16;
/** JSON. */
export type Json = u32;

export function isCbor<T>(): bool {
  return sizeof<T>() == sizeof<Cbor>();
}

export function isJson<T>(): bool {
  return sizeof<T>() == sizeof<Json>();
}
