/**
 * Reads what a router answers when it is asked for the events that it keeps (WAMP specification, section "Event
 * History"), in the form of Crossbar:
 *
 *     [[{publication, time_ns, topic, args, kwargs, …}, …]]      the newest first
 *
 * Crossbar lists an event once for each of its receivers.
 *
 * @module
 */

import { isId } from "#wamp/id.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { readItem } from "#wamp/serializer/read-value.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { sliceObject } from "#wamp/transcode/object-slice.ts";
import { sliceList } from "#wamp/transcode/payload-slice.ts";
import type { TopicEvent, WampAnswer } from "#wamp/wamp-caller.ts";

/** An event that was published before. */
export interface KeptEvent extends TopicEvent {
  /** When, by the clock of the router; 0 where it does not say. */
  time: number | bigint;
}

/**
 * The events of an answer, the oldest first; undefined: the router keeps none of this subscription.
 *
 * @throws UnrepresentableValue when a topic or a time has no JavaScript value.
 */
export function readKeptEvents(answer: WampAnswer): KeptEvent[] | undefined {
  if (answer.kind !== "result") return undefined;
  const { serializer, items } = answer.payload;
  const [args = new Uint8Array()] = items;
  if (args.length === 0) return undefined;
  const list = sliceList(args, serializer).octets(0);
  if (list.length === 0 || kindOf(list, serializer) !== "list") return undefined;
  const slices = sliceList(list, serializer);
  const events = new Map<number, KeptEvent>();
  for (let index = slices.length - 1; index >= 0; index--) {
    const event = readEvent(slices.octets(index), serializer);
    if (event !== undefined) events.set(event.publication, event);
  }
  return [...events.values()];
}

function readEvent(octets: Uint8Array, serializer: SerializerName): KeptEvent | undefined {
  const values = sliceObject(octets, serializer)?.values;
  const read = (name: string) => {
    const value = values?.get(name);
    return value === undefined ? undefined : readItem(value, serializer);
  };
  const [publication, topic, time] = [read("publication"), read("topic"), read("time_ns")];
  if (!isId(publication) || typeof topic !== "string") return undefined;
  const present = (name: string) => {
    const value = values?.get(name);
    return value === undefined || kindOf(value, serializer) === "null" ? undefined : value;
  };
  const kwargs = present("kwargs");
  const args = present("args") ?? encodeMessage([], serializer);
  const items = kwargs === undefined ? [args] : [args, kwargs];
  const isTime = typeof time === "number" || typeof time === "bigint";
  return { publication, topic, payload: { serializer, items }, time: isTime ? time : 0 };
}

function kindOf(octets: Uint8Array, serializer: SerializerName) {
  return serializers[serializer].kindOf(octets[0] ?? 0);
}
