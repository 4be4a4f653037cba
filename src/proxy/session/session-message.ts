/**
 * Messages that open or end a session, said or passed on whole: HELLO, WELCOME, ABORT, CHALLENGE,
 * AUTHENTICATE and GOODBYE. Nobody can be sent an ERROR for one of them, so what cannot be told
 * is a Failure.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import { isLongerThan, type Peer, type WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/control-message-values.ts";
import { peekMessageType } from "#wamp/serializer/peek-message-type.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { transcoderFor } from "#wamp/transcode/transcoder.ts";

/**
 * Sends a session message of one peer to the other.
 *
 * @throws Failure from the client's side when the other peer cannot be told or does not take it.
 */
export function forward(message: WireMessage, from: Peer, to: Peer): void {
  const name = messageTypeName(peekMessageType(message, from.serializer));
  let carried: WireMessage;
  try {
    carried = transcoderFor(from.serializer, to.serializer, to.isText)(message);
  } catch (thrown) {
    if (!(thrown instanceof UnrepresentableValue)) throw thrown;
    throw new Failure(`Cannot carry ${name}: ${thrown.message}`, {
      source: "client",
      uri: ErrorUri.invalidArgument,
      cause: thrown,
    });
  }
  sendWhole(carried, `carry ${name}`, to);
}

/**
 * Sends a message of our own.
 *
 * @throws Failure from the client's side when the peer does not take it.
 */
export function send(message: readonly unknown[], to: Peer): void {
  const deed = `send ${messageTypeName(Number(message[0]))}`;
  sendWhole(encodeMessage(message, to.serializer, to.isText), deed, to);
}

function sendWhole(message: WireMessage, deed: string, to: Peer): void {
  if (isLongerThan(message, to.maxSendOctets)) {
    throw new Failure(`Cannot ${deed}: longer than the ${to.maxSendOctets} octets taken`, {
      source: "client",
      uri: ErrorUri.payloadSizeExceeded,
    });
  }
  to.send(message);
}

/** Passes on how a session ends; details that cannot be told do not keep it from ending. */
export function forwardGoodbye(message: WireMessage, from: Peer, to: Peer): void {
  try {
    forward(message, from, to);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const goodbye = [MessageType.GOODBYE, {}, ErrorUri.closeRealm];
    to.send(encodeMessage(goodbye, to.serializer, to.isText));
  }
}

/** The authmethods by which a proxy vouches for others. */
const PROXY_METHODS = ["anonymous-proxy", "cryptosign-proxy"];

/**
 * Whether a HELLO asks the router to take its sender for a proxy. A router behind a Unix socket
 * would believe it, so such a HELLO must not be passed on. The names are looked for anywhere: of
 * keys that come twice, nobody knows which one the router reads.
 */
export function namesProxyAuthmethod(hello: WireMessage, from: Peer): boolean {
  // Through another serializer, for one name can be written in many ways, by escapes or in parts.
  const plain = transcoderFor(
    from.serializer,
    from.serializer === "json" ? "cbor" : "json",
    false,
  )(hello);
  const octets = Buffer.from(plain as Uint8Array);
  return PROXY_METHODS.some((method) => octets.includes(method));
}
