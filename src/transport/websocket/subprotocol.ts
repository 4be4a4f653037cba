/**
 * The WebSocket subprotocols of WAMP, and their negotiation.
 *
 * Each serializer has two: `wamp.2.cbor`, with one WAMP message in each WebSocket message, and
 * `wamp.2.cbor.batched`, with one or more.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";

/** The negotiated subprotocol of a connection. */
export interface ChosenSubprotocol {
  serializer: SerializerName;
  /** Whether a WebSocket message may hold several WAMP messages. */
  isBatched: boolean;
  /** Value of Sec-WebSocket-Protocol in the answer; empty: the client offered none. */
  protocol: string;
}

/** All subprotocols of some serializers: `wamp.2.cbor`, `wamp.2.cbor.batched`. */
export function subprotocolsFor(serializers: readonly SerializerName[]): string[] {
  return serializers.flatMap((name) => [`wamp.2.${name}`, `wamp.2.${name}.batched`]);
}

/**
 * The first subprotocol in the client's order that the path supports; undefined when there is none. A
 * client that offers none uses JSON, where the path does not require an offer.
 */
export function chooseSubprotocol(
  offered: string | null,
  enabled: readonly SerializerName[],
  isRequired: boolean,
): ChosenSubprotocol | undefined {
  const names = (offered ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) {
    return isRequired || !enabled.includes("json")
      ? undefined
      : { serializer: "json", isBatched: false, protocol: "" };
  }
  for (const protocol of names) {
    const [, serializerName, batched] = /^wamp\.2\.([a-z]+)(\.batched)?$/.exec(protocol) ?? [];
    const serializer = enabled.find((name) => name === serializerName);
    if (serializer !== undefined) {
      return { serializer, isBatched: batched !== undefined, protocol };
    }
  }
  return undefined;
}
