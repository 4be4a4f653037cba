/**
 * Reads long messages in another thread: it slices them and transcodes their payloads for the sessions that
 * may receive them, so that other sessions need not wait.
 *
 * The receivers are known only once a message is sliced. So it is sent to the thread a second time if one of
 * them has another serializer, and again if a session with yet another one comes meanwhile.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { giveOctets } from "#base/octet-ownership.ts";
import type { PayloadForm } from "#session/long-message.ts";
import { longMessages } from "#session/long-messages.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { MessageSlices } from "#wamp/transcode/payload-slice.ts";
import { Incoming, type LongMessage } from "./incoming.ts";
import type { Realm } from "./realm.ts";
import type { RealmSession } from "./realm-session.ts";
import { type Request, readRequest } from "./requests.ts";

/**
 * Reads a long message, which is borrowed unless it was given; its payload has a form in each serializer that
 * `receivers` names for the message at the end.
 *
 * @throws MalformedMessage when it is not of this serializer.
 */
export async function readLongMessage(
  message: WireMessage,
  serializer: SerializerName,
  receivers: (message: Incoming) => Iterable<SerializerName>,
): Promise<Incoming> {
  const forms = new Map<SerializerName, PayloadForm>();
  let octets = message;
  // Most receivers have the sender's.
  let payloadIn = [serializer];
  for (;;) {
    const result = await longMessages.slice({ message: octets, from: serializer, payloadIn });
    if (result.kind === "unsound") {
      throw MalformedMessage.withSentence(serializer, result.sentence);
    }
    for (const [name, form] of result.forms) forms.set(name, form);
    const slices = new MessageSlices(result.octets, serializer, result.bounds);
    const usedForms = new Set<SerializerName>();
    const long = { octets: result.octets, forms, usedForms };
    const incoming = new Incoming(slices, serializer, long);
    payloadIn = [...receivers(incoming)].filter((name) => !forms.has(name));
    if (payloadIn.length === 0) return incoming;
    octets = giveOctets(result.octets);
  }
}

/**
 * A long request again, with its payload in the serializers of its receivers; undefined: it is already, or the
 * request is not long. While it waited, sessions may have come.
 */
export function prepareRequest(request: Request, realm: Realm): Promise<Request> | undefined {
  const long = "payload" in request ? request.payload.long : undefined;
  if (long === undefined || !("payload" in request)) return undefined;
  const { serializer } = request.payload;
  const receivers = [...requestReceivers(request, realm)];
  if (receivers.every((name) => long.forms.has(name))) return undefined;
  return readAgain(long, serializer, realm);
}

async function readAgain(
  { octets }: LongMessage,
  serializer: SerializerName,
  realm: Realm,
): Promise<Request> {
  const receivers = (message: Incoming) => {
    const request = readRequest(message);
    return request === undefined ? [] : requestReceivers(request, realm);
  };
  const request = readRequest(await readLongMessage(giveOctets(octets), serializer, receivers));
  if (request === undefined) throw new Failure("Cannot read the request", { source: "internal" });
  return request;
}

function requestReceivers(request: Request, { broker, dealer }: Realm): Iterable<SerializerName> {
  if (request.type === MessageType.PUBLISH) return broker.serializersOf(request.uri);
  return request.type === MessageType.CALL ? dealer.serializersOf(request.uri) : [];
}

/** The serializers of the sessions that may receive the payload of a message. */
export function receiverSerializers(
  message: Incoming,
  session: RealmSession,
  { broker, dealer }: Realm,
): Iterable<SerializerName> {
  try {
    switch (message.type) {
      case MessageType.PUBLISH:
        return broker.serializersOf(message.uri(3));
      case MessageType.CALL:
        return dealer.serializersOf(message.uri(3));
      case MessageType.YIELD:
        return presentIn(dealer.callerSerializer(session, message.id(1)));
      case MessageType.ERROR:
        return presentIn(dealer.callerSerializer(session, message.id(2)));
      default:
        return [];
    }
  } catch (thrown) {
    // It has none, and is refused when it is handled.
    if (thrown instanceof Failure) return [];
    throw thrown;
  }
}

function presentIn(serializer: SerializerName | undefined): SerializerName[] {
  return serializer === undefined ? [] : [serializer];
}
