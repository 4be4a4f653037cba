/**
 * The WebSocket subprotocols of WAMP, and which one a connection speaks.
 *
 * Each serializer has two: `wamp.2.cbor`, with one WAMP message in each WebSocket message, and
 * `wamp.2.cbor.batched`, with one or several.
 *
 * @module
 */

import type { SerializerName } from "#wamp/peer.ts";

/** What a connection was agreed to speak. */
export interface ChosenSubprotocol {
  serializer: SerializerName;
  /** Whether a WebSocket message may hold several WAMP messages. */
  isBatched: boolean;
  /** Value of Sec-WebSocket-Protocol in the answer; empty: the client offered none. */
  protocol: string;
}

/** All subprotocols of these serializers: `wamp.2.cbor`, `wamp.2.cbor.batched`. */
export function subprotocolsFor(serializers: readonly SerializerName[]): string[] {
  return serializers.flatMap((name) => [`wamp.2.${name}`, `wamp.2.${name}.batched`]);
}

/**
 * The first subprotocol in the client's order that this path speaks; undefined when there is none.
 * A client that offers nothing is taken to speak JSON where the path does not require an offer.
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
    const [, written, batched] = /^wamp\.2\.([a-z]+)(\.batched)?$/.exec(protocol) ?? [];
    const serializer = enabled.find((name) => name === written);
    if (serializer !== undefined) {
      return { serializer, isBatched: batched !== undefined, protocol };
    }
  }
  return undefined;
}
