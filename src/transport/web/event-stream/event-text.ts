/**
 * eventText: prints an event of a topic as a Server-Sent Event (HTML Living Standard, section "Server-sent
 * events").
 *
 *     id: 2186123417320931
 *     data: {"topic":"com.example.news","args":["hello"],"kwargs":{}}
 *
 * Arguments are transcoded as for WAMP clients in JSON, so numbers keep their digits.
 *
 * @module
 */

import { transcodeItem } from "#wamp/transcode/transcoder.ts";
import type { TopicEvent } from "#wamp/wamp-caller.ts";

/** A comment, which clients ignore; it keeps the connection open. */
export const HEARTBEAT = Buffer.from(":\n\n");

/** An event as it is sent; all listeners share the octets. */
export interface PrintedEvent {
  publication: number;
  /** With the id of its publication. */
  octets: Uint8Array;
  /** Without an id. */
  data: Uint8Array;
}

/**
 * Prints an event.
 *
 * @throws UnrepresentableValue when JSON cannot represent an argument.
 */
export function eventText({ publication, topic, payload }: TopicEvent): PrintedEvent {
  const { serializer, items } = payload;
  const [args, kwargs] = items.map((item) => transcodeItem(item, serializer, "json"));
  const id = Buffer.from(`id: ${publication}\n`);
  const octets = Buffer.concat([
    id,
    Buffer.from(`data: {"topic":${JSON.stringify(topic)},"args":`),
    oneLine(args ?? Buffer.from("[]")),
    Buffer.from(',"kwargs":'),
    oneLine(kwargs ?? Buffer.from("{}")),
    Buffer.from("}\n\n"),
  ]);
  return { publication, octets, data: octets.subarray(id.length) };
}

/** JSON has line ends between its values only, where a blank means the same. */
function oneLine(json: Uint8Array): Uint8Array {
  const hasLineEnd = json.includes(0x0a) || json.includes(0x0d);
  return hasLineEnd ? json.map((octet) => (octet === 0x0a || octet === 0x0d ? 0x20 : octet)) : json;
}
