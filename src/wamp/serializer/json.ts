/**
 * JSON values for control messages, with WAMP's form of binary: `"\0"` + base64.
 *
 * @module
 */

/** Parses JSON text; strings that begin with NUL become octets. */
export function decodeJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "string" && value.startsWith("\0")
      ? Uint8Array.fromBase64(value.slice(1), { lastChunkHandling: "strict" })
      : value,
  );
}

/** Writes JSON text; octets become strings that begin with NUL. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item instanceof Uint8Array) return `\0${item.toBase64()}`;
    if (typeof item === "bigint") return JSON.rawJSON(item.toString());
    return item;
  });
}
