/**
 * JSON lists as octets: the message type, where items end, and how items are appended.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { ValueKind } from "#wamp/serializer/serializer.ts";
import type { OctetBuffer } from "#wamp/token/octet-buffer.ts";

const LIST_BEGIN = 0x5b;
const LIST_END = 0x5d;
const MAP_BEGIN = 0x7b;
const COMMA = 0x2c;

/** The message type of `[48,…`; -1 when there is none. */
export function peekJson(message: WireMessage): number {
  let at = skipSpace(message, 0);
  if (codeAt(message, at) !== LIST_BEGIN) return -1;
  at = skipSpace(message, at + 1);
  let type = -1;
  for (let code = codeAt(message, at); code >= 0x30 && code <= 0x39; code = codeAt(message, ++at)) {
    type = Math.max(type, 0) * 10 + code - 0x30;
    if (type > 255) return -1;
  }
  const end = codeAt(message, skipSpace(message, at));
  return end === COMMA || end === LIST_END ? type : -1;
}

/** The kind of the value that begins with this octet. */
export function jsonKindOf(first: number): ValueKind {
  if (first === LIST_BEGIN) return "list";
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

function skipSpace(message: WireMessage, start: number): number {
  let at = start;
  for (let code = codeAt(message, at); code <= 0x20; code = codeAt(message, ++at)) {
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return at;
}

/** The character or octet at `at`; NaN beyond the end. */
function codeAt(message: WireMessage, at: number): number {
  return typeof message === "string" ? message.charCodeAt(at) : (message[at] ?? Number.NaN);
}

function isBetweenItems(octet: number): boolean {
  return octet === COMMA || octet === 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09;
}
