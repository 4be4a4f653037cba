/**
 * EVENT: a publication as the subscribers of one subscription are sent it.
 *
 *     [EVENT, subscription, publication, details, args?, kwargs?]
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { shareOctets, takeOctets } from "#base/octet-ownership.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { messageIn, tooLongFor } from "./outgoing.ts";
import type { Publication } from "./publication.ts";
import type { RealmSession } from "./realm-session.ts";
import type { Subscription } from "./subscription-map.ts";

/** A publication, whoever receives it. */
export type AnyPublication = Omit<Publication, "excluded">;

/** The elements of an EVENT before its arguments; `details` are those of the publication, or more. */
export function eventHead(
  { id, match }: Subscription,
  { id: publication, topic }: AnyPublication,
  details: object,
): readonly unknown[] {
  const shown = match === "exact" ? details : { ...details, topic };
  return [MessageType.EVENT, id, publication, shown];
}

/** Whether a subscriber is to get an event: a pattern may match topics that its role may not subscribe to. */
export function mayReceive(
  session: RealmSession,
  { match }: Subscription,
  { topic, rules }: Pick<Publication, "topic" | "rules">,
): boolean {
  if (rules?.admits(session) === false) return false;
  return match === "exact"
    ? session.role.permitsExact("subscribe", topic)
    : session.role.permitsMatch("subscribe", topic);
}

/**
 * The EVENT in a serializer, or why it cannot be represented. Every subscriber may keep it: a message may be the
 * writer's buffer, which the next one overwrites.
 */
export function lastingEvent(
  serializer: SerializerName,
  head: readonly unknown[],
  { payload }: AnyPublication,
): WireMessage | Failure {
  try {
    return shareOctets(takeOctets(messageIn(serializer, head, payload)));
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}

/** Sends an EVENT, unless it cannot be represented or is longer than the session takes: then it is left out. */
export function sendEvent(
  session: RealmSession,
  event: WireMessage | Failure,
  head: readonly unknown[],
): void {
  const failure = event instanceof Failure ? event : tooLongFor(session, event, head);
  if (failure !== undefined) session.leftOut.add(MessageType.EVENT, sentenceOf(failure));
  else if (!(event instanceof Failure)) session.send(event);
}
