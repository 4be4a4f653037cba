/**
 * The WebSocket subprotocols of WAMP, and `mqtt`, and their negotiation.
 *
 * Each serializer has two: `wamp.2.cbor`, with one WAMP message in each WebSocket message, and
 * `wamp.2.cbor.batched`, with one or more.
 *
 * @module
 */

import { SERIALIZER_NAMES, type SerializerName } from "#wamp/serializer-name.ts";

/** The negotiated subprotocol of a connection. */
export interface ChosenSubprotocol {
  serializer: SerializerName;
  /** Whether a WebSocket message may hold several WAMP messages. */
  isBatched: boolean;
  /** Value of Sec-WebSocket-Protocol in the answer; empty: the client offered none. */
  protocol: string;
}

/** Every subprotocol by its name. */
const SUBPROTOCOLS: ReadonlyMap<string, ChosenSubprotocol> = new Map(
  SERIALIZER_NAMES.flatMap((serializer) =>
    subprotocolsFor([serializer]).map((protocol) => [
      protocol,
      { serializer, isBatched: protocol.endsWith(".batched"), protocol },
    ]),
  ),
);

/** The subprotocol of MQTT, whose sessions are CBOR within the program. */
export const MQTT_SUBPROTOCOL = "mqtt";

const MQTT: ChosenSubprotocol = {
  serializer: "cbor",
  isBatched: false,
  protocol: MQTT_SUBPROTOCOL,
};

/** All subprotocols of some serializers: `wamp.2.cbor`, `wamp.2.cbor.batched`. */
export function subprotocolsFor(serializers: readonly SerializerName[]): string[] {
  return serializers.flatMap((name) => [`wamp.2.${name}`, `wamp.2.${name}.batched`]);
}

/**
 * The first subprotocol in the client's order that the path supports; undefined when there is none. A
 * client that offers none uses JSON, where the path does not require an offer. `takesMqtt`: so does it `mqtt`.
 */
export function chooseSubprotocol(
  offered: string | null,
  enabled: readonly SerializerName[],
  isRequired: boolean,
  takesMqtt = false,
): ChosenSubprotocol | undefined {
  // Most clients offer one.
  const only = offered === null ? undefined : SUBPROTOCOLS.get(offered);
  if (only !== undefined) return enabled.includes(only.serializer) ? only : undefined;
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
    if (takesMqtt && protocol === MQTT_SUBPROTOCOL) return MQTT;
    const known = SUBPROTOCOLS.get(protocol);
    if (known !== undefined && enabled.includes(known.serializer)) return known;
  }
  return undefined;
}
