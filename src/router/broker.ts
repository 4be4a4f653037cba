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
import type { BrokerCluster } from "./cluster-links.ts";
import { refuseUnannouncedPassthru } from "./message-options.ts";
import type { MetaObserver } from "./meta-observer.ts";
import { messageFor, payloadOf, send, sendError, tooLongFor } from "./outgoing.ts";
import { keptPublication, type Publication, publicationOf } from "./publication.ts";
import type { RealmSession } from "./realm-session.ts";
import type { EndRequest, PublishRequest, SubscribeRequest } from "./requests.ts";
import { RetainedEvents } from "./retained-events.ts";
import type { Authorization } from "./role.ts";
import { type Subscription, SubscriptionMap } from "./subscription-map.ts";

/** Keeps subscriptions, and sends publications to them. */
export class Broker {
  readonly subscriptions = new SubscriptionMap();
  readonly retained = new RetainedEvents();
  /** Undefined: no other worker has the realm. */
  cluster: BrokerCluster | undefined;
  readonly #meta: MetaObserver;

  constructor(meta: MetaObserver) {
    this.#meta = meta;
  }

  subscribe(session: RealmSession, { id, uri, match, options }: SubscribeRequest): void {
    const subscribed = this.subscriptions.add(session, uri, match);
    const { subscription } = subscribed;
    send(session, [MessageType.SUBSCRIBED, id, subscription.id]);
    if (options.get_retained === true) this.#sendRetained(session, subscription);
    if (!subscribed.isRepeated) this.#meta.subscribed(session, subscribed);
  }

  unsubscribe(session: RealmSession, { id, ended }: EndRequest): void {
    const subscription = this.subscriptions.remove(session, ended);
    if (subscription === undefined) {
      throw new Failure(`Cannot unsubscribe: this session has no subscription ${ended}`, {
        source: "client",
        uri: ErrorUri.noSuchSubscription,
      });
    }
    send(session, [MessageType.UNSUBSCRIBED, id]);
    this.#unsubscribed(session, subscription);
  }

  /** Ends a subscription of a session, which is told if it understands that. */
  revoke(session: RealmSession, subscription: Subscription, reason: string | undefined): void {
    if (this.subscriptions.remove(session, subscription.id) === undefined) return;
    if (session.features.subscriptionRevocation) {
      send(session, [MessageType.UNSUBSCRIBED, 0, { subscription: subscription.id, reason }]);
    }
    this.#unsubscribed(session, subscription);
  }

  publish(publisher: RealmSession, request: PublishRequest, { discloses }: Authorization): void {
    const { id, options } = request;
    refuseUnannouncedPassthru("PUBLISH", options, publisher.features.passthru.publisher);
    const isDisclosed = discloses || options.disclose_me === true;
    const publication = publicationOf(publisher, request, isDisclosed);
    if (options.retain === true) this.retained.set(keptPublication(publication));
    this.cluster?.publish(publication, options);
    if (options.acknowledge === true) this.#acknowledge(publisher, id, publication.id);
    this.#route(publication, this.subscriptions.matches(publication.topic));
  }

  /** Sends a publication of another worker to these subscribers. */
  deliver(publication: Publication, subscriptions: readonly Subscription[]): void {
    this.#route(publication, subscriptions);
  }

  /** In a cluster its engine has to have the publication first. */
  #acknowledge(publisher: RealmSession, request: number, publication: number): void {
    const published = () => send(publisher, [MessageType.PUBLISHED, request, publication]);
    if (this.cluster === undefined) {
      published();
      return;
    }
    this.cluster.whenPublished(published, ({ uri = ErrorUri.unavailable, message }) => {
      sendError(publisher, MessageType.PUBLISH, request, uri, message);
    });
  }

  /** The serializers of the sessions that may receive events of a topic. */
  serializersOf(topic: string): Set<SerializerName> {
    const subscribers = this.subscriptions.matches(topic).flatMap((one) => [...one.subscribers]);
    return new Set(subscribers.map(({ serializer }) => serializer));
  }

  /** Publishes a meta event, such as `wamp.session.on_join`. */
  publishMetaEvent(topic: string, args: readonly unknown[]): void {
    const subscriptions = this.subscriptions.matches(topic);
    if (subscriptions.length === 0 && this.cluster === undefined) return;
    const publication = metaPublication(topic, args);
    this.cluster?.publishMetaEvent(publication);
    this.#route(publication, subscriptions);
  }

  /** Sends a meta event to the subscribers of this worker. */
  deliverMetaEvent(topic: string, args: readonly unknown[]): void {
    const subscriptions = this.subscriptions.matches(topic);
    if (subscriptions.length > 0) this.#route(metaPublication(topic, args), subscriptions);
  }

  leave(session: RealmSession): void {
    for (const subscription of this.subscriptions.removeAll(session)) {
      this.#unsubscribed(session, subscription);
    }
  }

  #unsubscribed(session: RealmSession, subscription: Subscription): void {
    this.#meta.unsubscribed(session, subscription);
    this.cluster?.unsubscribed(subscription);
  }

  #route(publication: Publication, subscriptions: readonly Subscription[]): void {
    this.#keep(publication, subscriptions);
    for (const subscription of subscriptions) this.#fanOut(subscription, publication);
  }

  /** Keeps an event for those that ask for it later. As WAMP has it, it is not kept if it is for certain sessions. */
  #keep(publication: Publication, subscriptions: readonly Subscription[]): void {
    if (!subscriptions.some(({ history }) => history !== undefined)) return;
    if (publication.rules?.namesSessions) return;
    const kept = keptPublication(publication);
    const time = BigInt(Date.now()) * 1_000_000n;
    for (const { history } of subscriptions) history?.add(kept, time);
  }

  /** Serializes the EVENT once for each serializer, and sends it to every subscriber. */
  #fanOut(subscription: Subscription, publication: Publication): void {
    const head = eventHead(subscription, publication, publication.details);
    const events = new Map<SerializerName, WireMessage | Failure>();
    for (const session of subscription.subscribers) {
      if (session === publication.excluded || !mayReceive(session, subscription, publication)) {
        continue;
      }
      const { serializer } = session;
      let event = events.get(serializer);
      if (event === undefined) {
        event = lastingEvent(session, head, publication);
        // Another subscriber with this serializer may accept longer messages; other failures hold for all.
        if (!isTooLong(event)) events.set(serializer, event);
      }
      sendEvent(session, event, head);
    }
  }

  /** Sends a new subscriber the events that publishers had retained. */
  #sendRetained(session: RealmSession, subscription: Subscription): void {
    for (const event of this.retained.matching(subscription.uri, subscription.match)) {
      if (!mayReceive(session, subscription, event)) continue;
      const head = eventHead(subscription, event, { ...event.details, retained: true });
      sendEvent(session, lastingEvent(session, head, event), head);
    }
  }
}

function metaPublication(topic: string, args: readonly unknown[]): Publication {
  const ofRouter = { excluded: undefined, rules: undefined };
  return { id: randomId(), topic, details: {}, payload: payloadOf(args), ...ofRouter };
}

type Event = Omit<Publication, "excluded">;

function eventHead(
  { id, match }: Subscription,
  { id: publication, topic }: Event,
  details: object,
) {
  const shown = match === "exact" ? details : { ...details, topic };
  return [MessageType.EVENT, id, publication, shown];
}

/** A pattern may match topics that the role of its subscriber may not subscribe to. */
function mayReceive(session: RealmSession, { match }: Subscription, { topic, rules }: Event) {
  if (rules?.admits(session) === false) return false;
  return match === "exact"
    ? session.role.permitsExact("subscribe", topic)
    : session.role.permitsMatch("subscribe", topic);
}

/** Every subscriber may keep it. A message may be the writer's buffer, which the next one overwrites. */
function lastingEvent(
  session: RealmSession,
  head: readonly unknown[],
  { payload }: Event,
): WireMessage | Failure {
  try {
    return shareOctets(takeOctets(messageFor(session, head, payload)));
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}

function sendEvent(
  session: RealmSession,
  event: WireMessage | Failure,
  head: readonly unknown[],
): void {
  const failure = event instanceof Failure ? event : tooLongFor(session, event, head);
  if (failure !== undefined) session.leftOut.add(MessageType.EVENT, sentenceOf(failure));
  else if (!(event instanceof Failure)) session.send(event);
}

function isTooLong(event: WireMessage | Failure): boolean {
  return event instanceof Failure && event.uri === ErrorUri.payloadSizeExceeded;
}
