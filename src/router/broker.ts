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

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { BrokerCluster } from "./cluster-links.ts";
import { eventHead, lastingEvent, mayReceive, sendEvent } from "./event.ts";
import { EventDispatch } from "./event-dispatch.ts";
import { refuseUnannouncedPassthru } from "./message-options.ts";
import type { MetaObserver } from "./meta-observer.ts";
import { payloadOf, send, sendError } from "./outgoing.ts";
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
  readonly events = new EventDispatch();
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
    if (subscribed.isRepeated) return;
    this.#meta.subscribed(session, subscribed);
    this.cluster?.subscribed(subscription);
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
    this.#route(publication, this.subscriptions.matches(publication.topic), publisher);
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

  #route(
    publication: Publication,
    subscriptions: readonly Subscription[],
    publisher?: RealmSession,
  ): void {
    this.#keep(publication, subscriptions);
    this.events.dispatch(publication, subscriptions, publisher);
  }

  /** Keeps an event for those that ask for it later. As WAMP has it, it is not kept if it is for certain sessions. */
  #keep(publication: Publication, subscriptions: readonly Subscription[]): void {
    if (!subscriptions.some(({ history }) => history !== undefined)) return;
    if (publication.rules?.namesSessions) return;
    const kept = keptPublication(publication);
    const time = BigInt(Date.now()) * 1_000_000n;
    for (const { history } of subscriptions) history?.add(kept, time);
  }

  /** Sends a new subscriber the events that publishers had retained. */
  #sendRetained(session: RealmSession, subscription: Subscription): void {
    for (const event of this.retained.matching(subscription.uri, subscription.match)) {
      if (!mayReceive(session, subscription, event)) continue;
      const head = eventHead(subscription, event, { ...event.details, retained: true });
      sendEvent(session, lastingEvent(session.serializer, head, event), head);
    }
  }
}

function metaPublication(topic: string, args: readonly unknown[]): Publication {
  const ofRouter = { excluded: undefined, rules: undefined };
  return { id: randomId(), topic, details: {}, payload: payloadOf(args), ...ofRouter };
}
