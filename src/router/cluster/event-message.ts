/**
 * The message by which a publication reaches the other workers of its realm.
 *
 *     [1, publication, details, lists of receivers, serializer, items, topic]
 *
 * The payload is as its publisher sent it.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { Publication } from "#router/publication.ts";
import { ReceiverRules } from "#router/receiver-rules.ts";
import type { PublishRequest } from "#router/requests.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { SERIALIZER_NAMES } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";

/** The part of a publication that has no other form here. */
export type SentPublication = Pick<Publication, "id" | "topic" | "details" | "payload">;

const LISTS = [
  "exclude",
  "exclude_authid",
  "exclude_authrole",
  "eligible",
  "eligible_authid",
  "eligible_authrole",
] as const;

/** The options that choose the receivers. */
export type ReceiverLists = Pick<PublishRequest["options"], (typeof LISTS)[number]>;

const EVENT = 1;

/** The values of a publication, of which a list may consist. */
export function publicationValues(
  { id, topic, details, payload }: SentPublication,
  lists: ReceiverLists | undefined,
): unknown[] {
  return [id, details, lists ?? null, payload.serializer, payload.items, topic];
}

/** A message of its own memory. */
export function encodeEvent(
  publication: SentPublication,
  lists: ReceiverLists | undefined,
): Uint8Array {
  return encodeMessage([EVENT, ...publicationValues(publication, lists)], "cbor");
}

/** @throws MalformedMessage when another program has sent it. */
export function decodeEvent(octets: Uint8Array): Publication {
  const [, ...values] = decodeMessage(octets, "cbor");
  return readPublication(values);
}

/** @throws MalformedMessage when these are not the values of a publication. */
export function readPublication(values: readonly unknown[]): Publication {
  const [id, details, lists, serializer, items, topic] = values;
  if (typeof id !== "number" || !isRecord(details) || typeof topic !== "string") {
    throw new MalformedMessage("cbor", "no event of a cluster");
  }
  return {
    id,
    topic,
    details,
    payload: readPayload(serializer, items),
    excluded: undefined,
    rules: isRecord(lists) ? ReceiverRules.of(readLists(lists)) : undefined,
  };
}

function readLists(lists: Record<string, unknown>): ReceiverLists {
  for (const name of LISTS) {
    if (lists[name] === undefined || Array.isArray(lists[name])) continue;
    throw new MalformedMessage("cbor", "no lists of receivers of a cluster");
  }
  return lists;
}

/** @throws MalformedMessage when these are not the values of a payload. */
export function readPayload(serializer: unknown, items: unknown): Payload {
  const name = SERIALIZER_NAMES.find((one) => one === serializer);
  const isSound = Array.isArray(items) && items.every((item) => item instanceof Uint8Array);
  if (name === undefined || !isSound) throw new MalformedMessage("cbor", "no payload of a cluster");
  return { serializer: name, items };
}

/** The lists of a publication; undefined: it has none. */
export function receiverLists(options: PublishRequest["options"]): ReceiverLists | undefined {
  const given = LISTS.filter((name) => options[name] !== undefined);
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}
