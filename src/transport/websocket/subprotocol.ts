/**
 * The WebSocket subprotocols of WAMP, and which one a connection speaks.
 *
 * @module
 */

import type { SerializerName } from "#wamp/peer.ts";

/** What a connection was agreed to speak. */
export interface ChosenSubprotocol {
  serializer: SerializerName;
  /** Value of Sec-WebSocket-Protocol in the answer; empty: the client offered none. */
  protocol: string;
}

/** The subprotocol of a serializer: `wamp.2.cbor`. */
export function subprotocolFor(serializer: SerializerName): string {
  return `wamp.2.${serializer}`;
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
      : { serializer: "json", protocol: "" };
  }
  for (const protocol of names) {
    const serializer = enabled.find((name) => subprotocolFor(name) === protocol);
    if (serializer !== undefined) return { serializer, protocol };
  }
  return undefined;
}
