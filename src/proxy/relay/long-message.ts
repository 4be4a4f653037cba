/**
 * A long message: what is done with it in a thread of its own, and passed between the threads.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { transcoderFor } from "#wamp/transcode/transcoder.ts";
import { type WaitingRequest, waitingRequestOf } from "./undeliverable.ts";

/** The message, and what is to become of it. */
export interface LongMessageTask {
  message: WireMessage;
  from: SerializerName;
  /** Null: it is not forwarded, and only the request that waits for it is wanted. */
  to: SerializerName | null;
  /** Longest message that its receiver takes. */
  maxOctets: number;
}

/** The transcoded message, or why there is none and which request waits for it. */
export type LongMessageResult =
  | { kind: "transcoded"; octets: Uint8Array<ArrayBuffer> }
  | { kind: "too long" | "refused"; waiting: WaitingRequest }
  | { kind: "malformed" | "unrepresentable"; sentence: string; waiting: WaitingRequest };

/** Transcodes a long message, or finds the request that waits for it. */
export function handleLongMessage({
  message,
  from,
  to,
  maxOctets,
}: LongMessageTask): LongMessageResult {
  const waiting = () => {
    const { goesBack, type, id } = waitingRequestOf(message, from);
    // Anything but integers is no request, and may be as long as the message.
    return Number.isInteger(type) && Number.isInteger(id) ? { goesBack, type, id } : { goesBack };
  };
  if (to === null) return { kind: "refused", waiting: waiting() };
  try {
    const octets = transcoderFor(from, to, false)(message) as Uint8Array;
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
