/**
 * A long message: what is done with it in a thread of its own, and passed between the threads.
 *
 * @module
 */

import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { type MessageSlices, payloadItems, sliceMessage } from "#wamp/transcode/payload-slice.ts";
import { transcodeLongMessage } from "#wamp/transcode/transcoder.ts";
import { type WaitingRequest, waitingRequestOf } from "./waiting-request.ts";

/** A proxy forwards a message whole. */
export interface ForwardTask {
  message: WireMessage;
  from: SerializerName;
  /** Null: it is not forwarded, and only the request that waits for it is wanted. */
  to: SerializerName | null;
  /** Longest message that its receiver takes. */
  maxOctets: number;
}

/** The transcoded message, or why there is none and which request waits for it. */
export type ForwardResult =
  | { kind: "transcoded"; octets: Uint8Array<ArrayBuffer> }
  | { kind: "too long" | "refused"; waiting: WaitingRequest }
  | { kind: "malformed" | "unrepresentable"; sentence: string; waiting: WaitingRequest };

/** A router slices a message, and puts its payload behind other heads. */
export interface SliceTask {
  message: WireMessage;
  from: SerializerName;
  /** The serializers in which the payload is wanted. */
  payloadIn: readonly SerializerName[];
}

/**
 * The payload in a serializer, as the end of a message behind room for its head; or a sentence about why the
 * serializer has no form for it.
 */
export type PayloadForm = Uint8Array<ArrayBuffer> | string;

/** Room for the head of a message before its payload. */
export const HEAD_ROOM_OCTETS = 4096;

/** The message again, where its items begin and the last one ends, and the forms of its payload. */
export type SliceResult =
  | {
      kind: "sliced";
      octets: Uint8Array<ArrayBuffer>;
      bounds: number[];
      forms: [SerializerName, PayloadForm][];
    }
  | { kind: "unsound"; sentence: string };

/** What a thread is asked for. */
export type LongMessageTask = ForwardTask | SliceTask;

/** What a thread answers. */
export type LongMessageResult = ForwardResult | SliceResult;

/** Where the payload begins in the messages that have one. */
const PAYLOAD_AT: Readonly<Record<number, number>> = {
  [MessageType.PUBLISH]: 4,
  [MessageType.CALL]: 4,
  [MessageType.YIELD]: 3,
  [MessageType.ERROR]: 5,
};

/** More items than any message has: further ones need not be told. */
const MAX_ITEMS = 16;

/** Handles one message. */
export function handleLongMessage(task: LongMessageTask): LongMessageResult {
  return "to" in task ? forwardMessage(task) : sliceLongMessage(task);
}

/** The memory of a result, which is passed to the other thread instead of being copied. */
export function memoryOf(result: LongMessageResult): ArrayBuffer[] {
  if (result.kind === "transcoded") return [result.octets.buffer];
  if (result.kind !== "sliced") return [];
  const forms = result.forms.flatMap(([, form]) => (typeof form === "string" ? [] : [form]));
  return [result.octets, ...forms].map(({ buffer }) => buffer);
}

function forwardMessage({ message, from, to, maxOctets }: ForwardTask): ForwardResult {
  const waiting = () => {
    const { goesBack, type, id } = waitingRequestOf(message, from);
    // Anything but integers is no request, and may be as long as the message.
    return Number.isInteger(type) && Number.isInteger(id) ? { goesBack, type, id } : { goesBack };
  };
  if (to === null) return { kind: "refused", waiting: waiting() };
  try {
    const octets = transcodeLongMessage(message, from, to);
    if (octets.length > maxOctets) return { kind: "too long", waiting: waiting() };
    return { kind: "transcoded", octets: new Uint8Array(octets) };
  } catch (thrown) {
    const sentence = thrown instanceof Error ? thrown.message : String(thrown);
    if (thrown instanceof MalformedMessage) {
      return { kind: "malformed", sentence, waiting: waiting() };
    }
    if (!(thrown instanceof UnrepresentableValue)) throw thrown;
    return { kind: "unrepresentable", sentence, waiting: waiting() };
  }
}

function sliceLongMessage({ message, from, payloadIn }: SliceTask): SliceResult {
  const octets = asOwned(message);
  let slices: MessageSlices;
  try {
    slices = sliceMessage(octets, from);
  } catch (thrown) {
    if (!(thrown instanceof MalformedMessage)) throw thrown;
    return { kind: "unsound", sentence: thrown.message };
  }
  const length = Math.min(slices.length, MAX_ITEMS);
  const items = Array.from({ length }, (_, index) => slices.octets(index));
  const bounds = items.map((item) => item.byteOffset - octets.byteOffset);
  const last = items.at(-1);
  if (last !== undefined) bounds.push(last.byteOffset - octets.byteOffset + last.length);
  const payloadAt = PAYLOAD_AT[Number(slices.value(0))] ?? length;
  const payload = payloadItems(items.slice(payloadAt, payloadAt + 2), from);
  const forms = payloadIn.map((to): [SerializerName, PayloadForm] => [
    to,
    payloadForm(payload, payloadAt, from, to),
  ]);
  return { kind: "sliced", octets, bounds, forms };
}

function payloadForm(
  items: readonly Uint8Array[],
  payloadAt: number,
  from: SerializerName,
  to: SerializerName,
): PayloadForm {
  const inForm: Uint8Array[] = [];
  for (const [index, item] of items.entries()) {
    try {
      inForm.push(from === to ? item : new Uint8Array(transcodeLongMessage(item, from, to, 1)));
    } catch (thrown) {
      if (!(thrown instanceof UnrepresentableValue)) throw thrown;
      return thrown.below([payloadAt + index]).message;
    }
  }
  return behindRoom(inForm, to);
}

/** Items as the end of a list, without its first octet, behind room for the begin of the list. */
function behindRoom(items: readonly Uint8Array[], serializer: SerializerName): PayloadForm {
  const { appendList } = serializers[serializer];
  const out = new OctetBuffer();
  const octets = items.reduce((sum, { length }) => sum + length, 0);
  out.reserve(HEAD_ROOM_OCTETS + octets + items.length);
  out.length = HEAD_ROOM_OCTETS - 1;
  appendList(out, encodeMessage([], serializer), 0, items);
  return asOwned(out.take());
}

/** Octets that can be passed to another thread; those of threads and of transcoders are their own. */
function asOwned(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return octets as Uint8Array<ArrayBuffer>;
}
