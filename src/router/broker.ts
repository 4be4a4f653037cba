/**
 * The broker of a realm.
 *
 *     [PUBLISH, request, options, topic, args?, kwargs?]
 *     [EVENT, subscription, publication, details, args?, kwargs?]
 *
 * (WAMP specification, sections "Publish and Subscribe" and "Advanced PubSub".)
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { shareOctets, takeOctets } from "#base/octet-ownership.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { Dict, RoutedPayload } from "./incoming.ts";
import { messageFor, payloadOf, send, tooLongFor } from "./outgoing.ts";
import type { RealmSession } from "./realm-session.ts";
import type { EndRequest, PublishRequest, SubscribeRequest } from "./requests.ts";
import type { Authorization } from "./role.ts";
import { type Subscription, SubscriptionMap } from "./subscription-map.ts";

type SessionFilter = (session: RealmSession) => boolean;

/** Keeps subscriptions, and sends publications to them. */
export class Broker {
  readonly #subscriptions = new SubscriptionMap();

  subscribe(session: RealmSession, { id, uri, match }: SubscribeRequest): void {
    const subscription = this.#subscriptions.add(session, uri, match);
    send(session, [MessageType.SUBSCRIBED, id, subscription.id]);
  }

  unsubscribe(session: RealmSession, { id, ended }: EndRequest): void {
    if (!this.#subscriptions.remove(session, ended)) {
      throw new Failure(`Cannot unsubscribe: this session has no subscription ${ended}`, {
        source: "client",
        uri: ErrorUri.noSuchSubscription,
      });
    }
    send(session, [MessageType.UNSUBSCRIBED, id]);
  }

  publish(publisher: RealmSession, request: PublishRequest, { discloses }: Authorization): void {
    const { id, options, uri: topic, payload } = request;
    const isDisclosed = discloses || options.disclose_me === true;
    const details = isDisclosed ? publisherDetails(publisher) : {};
    const publication = randomId();
    if (options.acknowledge === true) {
      send(publisher, [MessageType.PUBLISHED, id, publication]);
    }
    this.#route(topic, publication, details, payload, receiverFilter(publisher, options));
  }

  /** The serializers of the sessions that may receive events of a topic. */
  serializersOf(topic: string): Set<SerializerName> {
    const subscribers = this.#subscriptions.matches(topic).flatMap((one) => [...one.subscribers]);
    return new Set(subscribers.map(({ serializer }) => serializer));
  }

  /** Publishes a meta event, such as `wamp.session.on_join`. */
  publishMetaEvent(topic: string, args: readonly unknown[]): void {
    this.#route(topic, randomId(), {}, payloadOf(args), () => true);
  }

  leave(session: RealmSession): void {
    this.#subscriptions.removeAll(session);
  }

  #route(
    topic: string,
    publication: number,
    details: Dict,
    payload: RoutedPayload,
    isReceiver: SessionFilter,
  ): void {
    for (const subscription of this.#subscriptions.matches(topic)) {
      const byPattern = subscription.match !== "exact";
      const head = [
        MessageType.EVENT,
        subscription.id,
        publication,
        byPattern ? { ...details, topic } : details,
      ];
      // A pattern may match topics that the role of its subscriber may not subscribe to.
      const mayReceive: SessionFilter = (session) =>
        isReceiver(session) &&
        (byPattern
          ? session.role.permitsMatch("subscribe", topic)
          : session.role.permitsExact("subscribe", topic));
      this.#fanOut(subscription, head, payload, mayReceive);
    }
  }

  /** Serializes the EVENT once for each serializer, and sends it to every subscriber. */
  #fanOut(
    subscription: Subscription,
    head: readonly unknown[],
    payload: RoutedPayload,
    mayReceive: SessionFilter,
  ): void {
    const events = new Map<SerializerName, WireMessage | Failure>();
    for (const session of subscription.subscribers) {
      if (!mayReceive(session)) continue;
      const { serializer } = session;
      let event = events.get(serializer);
      if (event === undefined) {
        event = orFailure(() => lastingEvent(messageFor(session, head, payload)));
        // Another subscriber with this serializer may accept longer messages; other failures hold for all.
        if (!isTooLong(event)) events.set(serializer, event);
      }
      const failure = event instanceof Failure ? event : tooLongFor(session, event, head);
      if (failure !== undefined) {
        session.leftOut.add(MessageType.EVENT, sentenceOf(failure));
        continue;
      }
      if (!(event instanceof Failure)) session.send(event);
    }
  }
}

/** Every subscriber may keep it. A message may be the writer's buffer, which the next one overwrites. */
function lastingEvent(message: WireMessage): WireMessage {
  return shareOctets(takeOctets(message));
}

function orFailure(make: () => WireMessage): WireMessage | Failure {
  try {
    return make();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}

function isTooLong(event: WireMessage | Failure): boolean {
  return event instanceof Failure && event.uri === ErrorUri.payloadSizeExceeded;
}

function publisherDetails(session: RealmSession): Dict {
  return {
    publisher: session.id,
    publisher_authid: session.identity.authid,
    publisher_authrole: session.identity.authrole,
  };
}

/** The receivers by `exclude_me` and by the `exclude` and `eligible` lists. */
function receiverFilter(
  publisher: RealmSession,
  options: PublishRequest["options"],
): SessionFilter {
  const excludesPublisher = options.exclude_me !== false;
  const rules = [
    ...listRules<number | bigint>(options.exclude, options.eligible, ({ id }) => id),
    ...listRules(
      options.exclude_authid,
      options.eligible_authid,
      ({ identity }) => identity.authid,
    ),
    ...listRules(
      options.exclude_authrole,
      options.eligible_authrole,
      ({ identity }) => identity.authrole,
    ),
  ];
  return (session) =>
    !(excludesPublisher && session === publisher) && rules.every((rule) => rule(session));
}

function listRules<T>(
  exclude: readonly T[] | undefined,
  eligible: readonly T[] | undefined,
  attributeOf: (session: RealmSession) => T,
): SessionFilter[] {
  const rules: SessionFilter[] = [];
  // Sets, because a list may be as long as the subscribers are many.
  const [excluded, allowed] = [exclude && new Set(exclude), eligible && new Set(eligible)];
  if (excluded !== undefined) rules.push((session) => !excluded.has(attributeOf(session)));
  if (allowed !== undefined) rules.push((session) => allowed.has(attributeOf(session)));
  return rules;
}
