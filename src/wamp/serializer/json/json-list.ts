/**
 * JSON lists as octets: where items end, and how items are appended.
 *
 * @module
 */

import type { ValueKind } from "#wamp/serializer/serializer.ts";
import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { isJsonSpace } from "./json-space.ts";

const LIST_BEGIN = 0x5b;
const LIST_END = 0x5d;
const MAP_BEGIN = 0x7b;
const NULL_BEGIN = 0x6e;
const COMMA = 0x2c;

/** The kind of the value that begins with this octet. */
export function jsonKindOf(first: number): ValueKind {
  if (first === LIST_BEGIN) return "list";
  if (first === NULL_BEGIN) return "null";
  return first === MAP_BEGIN ? "map" : "other";
}

/** Where an item ends: before the white space and the comma that come before the next one. */
export function jsonItemEnd(octets: Uint8Array, end: number): number {
  let at = end;
  while (isBetweenItems(octets[at - 1]!)) at--;
  return at;
}

/** See Serializer.appendList. */
export function appendJsonList(
  out: OctetBuffer,
  list: Uint8Array,
  count: number,
  items: readonly Uint8Array[],
): void {
  out.append(list, 0, list.length - 1);
  items.forEach((item, index) => {
    if (count + index > 0) out.appendOctet(COMMA);
    out.append(item, 0, item.length);
  });
  out.appendOctet(LIST_END);
}

function isBetweenItems(octet: number): boolean {
  return octet === COMMA || isJsonSpace(octet);
}
