/**
 * Sending and forwarding the messages that open or end a session: HELLO, WELCOME, ABORT, CHALLENGE,
 * AUTHENTICATE and GOODBYE. WAMP has no ERROR for them, so one that cannot be sent is a Failure.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import { MAX_JOIN_OCTETS, type Peer, type WireMessage } from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { sliceMessage } from "#wamp/transcode/payload-slice.ts";
import { transcoderFor } from "#wamp/transcode/transcoder.ts";

/**
 * Forwards a session message of this type from one peer to the other.
 *
 * @throws Failure from the client's side when the other peer's serializer cannot represent it, or when
 * it is longer than that peer takes.
 */
export function forward(message: WireMessage, type: number, from: Peer, to: Peer): void {
  let carried: WireMessage;
  try {
    carried = transcoderFor(from.serializer, to.serializer)(message);
  } catch (thrown) {
    if (!(thrown instanceof UnrepresentableValue)) throw thrown;
    throw new Failure(`Cannot carry ${messageTypeName(type)}: ${thrown.message}`, {
      source: "client",
      uri: ErrorUri.invalidArgument,
      cause: thrown,
    });
  }
  if (carried.length > to.maxSendOctets) throw tooLong("carry", type, to);
  to.send(carried);
}

/**
 * Sends a session message of the proxy's own.
 *
 * @throws Failure from the client's side when it is longer than the peer takes.
 */
export function send(message: readonly unknown[], to: Peer): void {
  const encoded = encodeMessage(message, to.serializer);
  if (encoded.length > to.maxSendOctets) throw tooLong("send", Number(message[0]), to);
  to.send(encoded);
}

/**
 * Forwards the GOODBYE or ABORT that ends a session; when that fails, GOODBYE
 * `wamp.close.close_realm` is sent instead, so that the session ends all the same.
 */
export function forwardEnd(message: WireMessage, type: number, from: Peer, to: Peer): void {
  try {
    forward(message, type, from, to);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const goodbye = [MessageType.GOODBYE, {}, ErrorUri.closeRealm];
    to.send(encodeMessage(goodbye, to.serializer));
  }
}

/**
 * The values of a message that is forwarded as it is: those that JavaScript cannot represent are undefined.
 *
 * @throws MalformedMessage
 */
export function readForwarded(message: WireMessage, from: Peer): unknown[] {
  try {
    return decodeMessage(message, from.serializer);
  } catch (thrown) {
    // It has a value that JavaScript cannot represent, unless it is malformed.
    if (!(thrown instanceof MalformedMessage)) throw thrown;
  }
  const slices = sliceMessage(message, from.serializer);
  return Array.from({ length: slices.length }, (_, index) => {
    try {
      return slices.value(index);
    } catch (thrown) {
      if (thrown instanceof UnrepresentableValue) return undefined;
      throw thrown;
    }
  });
}

/**
 * Refuses a message that is not routed, if it is malformed behind its type. Of a long one only the type counts:
 * to read it all would delay other sessions.
 *
 * @throws MalformedMessage
 */
export function refuseMalformed(message: WireMessage, from: Peer): void {
  if (message.length <= MAX_JOIN_OCTETS) sliceMessage(message, from.serializer);
}

/** Whether a GOODBYE or ABORT says that its sender shuts down; false if it cannot be read. */
export function isShutdown(message: WireMessage, from: Peer): boolean {
  return endUri(message, from) === ErrorUri.systemShutdown;
}

/** The reason of a GOODBYE or ABORT; undefined if it cannot be read. */
export function endUri(message: WireMessage, from: Peer): unknown {
  return readEnd(message, from)[2];
}

/** The sentence in a GOODBYE or ABORT; undefined if it has none. */
export function endSentence(message: WireMessage, from: Peer): string | undefined {
  const { message: sentence } = asRecord(readEnd(message, from)[1]);
  return typeof sentence === "string" ? sentence : undefined;
}

function readEnd(message: WireMessage, from: Peer): unknown[] {
  try {
    return decodeMessage(message, from.serializer);
  } catch (thrown) {
    if (thrown instanceof MalformedMessage) return [];
    throw thrown;
  }
}

function tooLong(action: "carry" | "send", type: number, { maxSendOctets }: Peer): Failure {
  const name = messageTypeName(type);
  return new Failure(`Cannot ${action} ${name}: longer than the ${maxSendOctets} octets taken`, {
    source: "client",
    uri: ErrorUri.payloadSizeExceeded,
  });
}
