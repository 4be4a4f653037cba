/**
 * KnownUris: the URIs that messages named lately, found by their octets, so that a message which names one of them
 * needs no new text and no check of it.
 *
 * @module
 */

import { isLooseUri } from "#wamp/loose-uri.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { usualTextEnd, usualTextStart } from "./usual-items.ts";

/** A power of two. */
const PLACES = 1024;

/** Longer ones are not kept. */
const MAX_OCTETS = 128;

/** Of any octets, not only of a Buffer: so no view of the part is made. */
const { latin1Slice } = Buffer.prototype;

/** URIs by WAMP's loose rules. */
export class KnownUris {
  /** Each URI has one place, which the next one with this place takes. */
  readonly #places = new Array<string>(PLACES).fill("");

  /** The URI that is the item of a sound message there; undefined: it is none, or has to be read as a value. */
  at(
    octets: Uint8Array,
    itemStart: number,
    itemEnd: number,
    serializer: SerializerName,
  ): string | undefined {
    const start = usualTextStart(octets, itemStart, serializer);
    if (start < 0) return undefined;
    const end = usualTextEnd(octets, start, itemEnd, serializer);
    if (end <= start || end - start > MAX_OCTETS) return undefined;
    const place = hashOf(octets, start, end) & (PLACES - 1);
    const known = this.#places[place] as string;
    if (isSame(known, octets, start, end)) return known;
    const text = latin1Slice.call(octets, start, end);
    if (!isAscii(octets, start, end) || !isLooseUri(text)) return undefined;
    this.#places[place] = text;
    return text;
  }
}

/** FNV-1a. */
function hashOf(octets: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (octets[at] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** Whether a text of ASCII has these octets. */
function isSame(text: string, octets: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== octets[start + index]) return false;
  }
  return true;
}

function isAscii(octets: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((octets[at] as number) >= 0x80) return false;
  return true;
}
