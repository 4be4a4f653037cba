/**
 * The event of one webhook request, in Crossbar's form: one argument with all headers and the body as text.
 *
 *     {"headers": {"Content-Type": ["application/json"], "X-Github-Event": ["ping"]}, "body": "..."}
 *
 * @module
 */

import type { ReadableFields } from "#transport/http/header-fields.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";

/** Names that are not written as words with a capital each. */
const UNUSUAL_NAMES: Readonly<Record<string, string>> = {
  "Content-Md5": "Content-MD5",
  Dnt: "DNT",
  Etag: "ETag",
  P3p: "P3P",
  Te: "TE",
  "Www-Authenticate": "WWW-Authenticate",
  "X-Xss-Protection": "X-XSS-Protection",
};

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The arguments of the event; null: the body is not UTF-8. */
export function webhookEvent(
  headers: Pick<ReadableFields, "entries">,
  octets: Uint8Array,
): Payload | null {
  const body = textOf(octets);
  if (body === null) return null;
  const event = { headers: headersOf(headers), body };
  // Not JSON, where a text that begins with NUL means octets.
  return { serializer: "cbor", items: [encodeMessage([event], "cbor")] };
}

function textOf(octets: Uint8Array): string | null {
  try {
    return utf8.decode(octets);
  } catch {
    return null;
  }
}

/** The values of each header, in the order in which they came. */
function headersOf(headers: Pick<ReadableFields, "entries">): Record<string, string[]> {
  const all = new Map<string, string[]>();
  for (const [written, value] of headers.entries()) {
    const name = canonicalName(written);
    const values = all.get(name) ?? [];
    values.push(value);
    all.set(name, values);
  }
  return Object.fromEntries(all);
}

/** `X-GITHUB-EVENT` is `X-Github-Event`, as Crossbar writes it. */
function canonicalName(name: string): string {
  const words = name.toLowerCase().split("-");
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("-");
  return Object.hasOwn(UNUSUAL_NAMES, joined) ? (UNUSUAL_NAMES[joined] as string) : joined;
}
