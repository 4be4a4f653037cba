/**
 * EventDispatch: sends publications to their subscribers. Many subscribers get them in chunks, one in each turn of
 * the event loop, so that other sessions are served in between.
 *
 *     turn 1    PUBLISH a, for 2,500 subscribers    the first 1,000; its publisher is not read any more
 *               PUBLISH b, for one                  waits behind a
 *     turn 2                                        the next 1,000
 *     turn 3                                        the last 500, then b; both publishers are read again
 *
 * Whatever waits is sent in the order in which it was published (WAMP specification, section "Ordering Guarantees"),
 * to those alone who had subscribed by then, and only if they still do. Beyond `MAX_WAITING_OCTETS` the first
 * publications are sent whole, as many as make room.
 *
 * @module
 */

import type { Failure } from "#base/failure.ts";
import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { eventHead, lastingEvent, mayReceive, sendEvent } from "./event.ts";
import type { Publication } from "./publication.ts";
import type { RealmSession } from "./realm-session.ts";
import type { Subscription } from "./subscription-map.ts";

/** Subscribers of one turn, where a realm does not say. */
export const DEFAULT_CHUNK_SIZE = 1_000;

/** Most octets of the events, and of the lists of their receivers, that wait in one realm. */
const MAX_WAITING_OCTETS = 64 * 1024 * 1024;

/** About as many as one receiver takes in a list, and what waits without its events and receivers. */
const RECEIVER_OCTETS = 8;
const FAN_OUT_OCTETS = 1_024;

/** The EVENTs of one subscription by serializer. */
type Events = Map<SerializerName, WireMessage | Failure>;

/** A publication on its way to the subscribers of one subscription. */
interface FanOut {
  readonly subscription: Subscription;
  readonly publication: Pick<Publication, "topic" | "rules" | "excluded">;
  readonly head: readonly unknown[];
  /** In all serializers of the receivers: the payload of the publication is gone. */
  readonly events: Events;
  readonly receivers: readonly RealmSession[];
  /** How many of them had their turn. */
  done: number;
  readonly octets: number;
  /** Read again when this is done; undefined: there is none, or more of its publication follows. */
  readonly publisher: RealmSession | undefined;
}

/** Sends the publications of one realm. */
export class EventDispatch {
  /** Most subscribers of one turn. */
  chunkSize = DEFAULT_CHUNK_SIZE;
  readonly #maxWaitingOctets: number;
  readonly #waiting: FanOut[] = [];
  #waitingOctets = 0;
  #isScheduled = false;

  constructor(maxWaitingOctets = MAX_WAITING_OCTETS) {
    this.#maxWaitingOctets = maxWaitingOctets;
  }

  /** Sends a publication to all subscribers, now or soon; undefined: the router itself publishes. */
  dispatch(
    publication: Publication,
    subscriptions: readonly Subscription[],
    publisher: RealmSession | undefined,
  ): void {
    if (this.#waiting.length === 0 && countOf(subscriptions) <= this.chunkSize) {
      for (const subscription of subscriptions) fanOut(subscription, publication);
      return;
    }
    this.#enqueue(publication, subscriptions, publisher);
    if (this.#isScheduled) return;
    this.#schedule();
    this.#sendChunk();
  }

  #enqueue(
    publication: Publication,
    subscriptions: readonly Subscription[],
    publisher: RealmSession | undefined,
  ): void {
    const last = subscriptions.findLast(({ isSubscribed }) => isSubscribed);
    for (const subscription of subscriptions) {
      if (!subscription.isSubscribed) continue;
      const ofLast = subscription === last ? publisher : undefined;
      const waiting = waitingFanOut(subscription, publication, ofLast);
      this.#waiting.push(waiting);
      this.#waitingOctets += waiting.octets;
    }
    if (last !== undefined) publisher?.pause?.();
    while (this.#waitingOctets > this.#maxWaitingOctets) this.#sendSome(Number.POSITIVE_INFINITY);
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(this.#takeTurn);
  }

  readonly #takeTurn = (): void => {
    this.#isScheduled = false;
    if (this.#waiting.length === 0) return;
    this.#schedule();
    this.#sendChunk();
  };

  /** What one turn has time for. */
  #sendChunk(): void {
    let left = this.chunkSize;
    while (left > 0 && this.#waiting.length > 0) left -= this.#sendSome(left);
  }

  /** Sends the first publication to so many of its receivers, and answers to how many there still were to send. */
  #sendSome(most: number): number {
    const [first] = this.#waiting;
    if (first === undefined) return most;
    const { receivers, done, octets, publisher } = first;
    const count = Math.min(most, receivers.length - done);
    first.done += count;
    for (let at = done; at < done + count; at++) sendTo(receivers[at] as RealmSession, first);
    if (first.done < receivers.length || this.#waiting[0] !== first) return count;
    this.#waiting.shift();
    this.#waitingOctets -= octets;
    publisher?.resume?.();
    return count;
  }
}

function countOf(subscriptions: readonly Subscription[]): number {
  let count = 0;
  for (const subscription of subscriptions) count += subscription.count;
  return count;
}

/** Serializes the EVENT once for each serializer, and sends it to every subscriber. */
function fanOut(subscription: Subscription, publication: Publication): void {
  const head = eventHead(subscription, publication, publication.details);
  const events: Events = new Map();
  for (const session of subscription.subscribers) {
    if (session === publication.excluded || !mayReceive(session, subscription, publication)) {
      continue;
    }
    sendEvent(session, eventOf(events, session.serializer, head, publication), head);
  }
}

function eventOf(
  events: Events,
  serializer: SerializerName,
  head: readonly unknown[],
  publication: Publication,
): WireMessage | Failure {
  const known = events.get(serializer);
  if (known !== undefined) return known;
  const event = lastingEvent(serializer, head, publication);
  events.set(serializer, event);
  return event;
}

/** The same for later turns, in which its octets are not there any more. */
function waitingFanOut(
  subscription: Subscription,
  publication: Publication,
  publisher: RealmSession | undefined,
): FanOut {
  const { topic, rules, excluded } = publication;
  const head = eventHead(subscription, publication, publication.details);
  const events: Events = new Map();
  const receivers = [...subscription.subscribers];
  for (const { serializer } of receivers) eventOf(events, serializer, head, publication);
  let octets = FAN_OUT_OCTETS + RECEIVER_OCTETS * receivers.length;
  for (const event of events.values()) octets += "length" in event ? event.length : 0;
  octets += rules?.octets ?? 0;
  const kept = { topic, rules, excluded };
  return { subscription, publication: kept, head, events, receivers, done: 0, octets, publisher };
}

function sendTo(session: RealmSession, { subscription, publication, head, events }: FanOut): void {
  if (session === publication.excluded || !subscription.has(session)) return;
  if (!mayReceive(session, subscription, publication)) return;
  const event = events.get(session.serializer);
  if (event !== undefined) sendEvent(session, event, head);
}
