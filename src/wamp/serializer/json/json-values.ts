/**
 * JSON text of control messages, with WAMP's form of binary: NUL and base64.
 *
 * @module
 */

/** JSON with `rawJSON`, which the library types do not know yet. */
const json = JSON as JSON & { rawJSON(text: string): unknown };

/** Writes JSON text; octets become strings that begin with NUL. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item instanceof Uint8Array) return `\0${item.toBase64()}`;
    if (typeof item === "bigint") return json.rawJSON(item.toString());
    return item;
  });
}
