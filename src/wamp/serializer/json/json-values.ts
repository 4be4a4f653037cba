/**
 * JavaScript values to JSON; binary becomes WAMP's form of it, NUL and base64.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";

/** JSON with `rawJSON`, which the library types do not know yet. */
const json = JSON as JSON & { rawJSON(text: string): unknown };

/** Encodes a list as JSON, as a string or as octets. */
export function encodeJson(values: readonly unknown[], isText: boolean): WireMessage {
  const text = JSON.stringify(values, (_key, item: unknown) => {
    if (item instanceof Uint8Array) return `\0${item.toBase64()}`;
    if (typeof item === "bigint") return json.rawJSON(item.toString());
    return item;
  });
  return isText ? text : Buffer.from(text);
}
