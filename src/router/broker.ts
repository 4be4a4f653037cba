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
import type { Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import type { Dict, Incoming } from "./incoming.ts";
import type { Member } from "./member.ts";
import { matchOption, refuseReserved } from "./options.ts";
import { messageFor, payloadOf, refuseTooLong, send } from "./outgoing.ts";
import { type Subscription, SubscriptionMap } from "./subscription-map.ts";

/** Takes subscriptions and carries publications to them. */
export class Broker {
  readonly #log: Logger;
  readonly #subscriptions = new SubscriptionMap();

  constructor(log: Logger) {
    this.#log = log;
  }

  subscribe(member: Member, message: Incoming): void {
    const request = message.id(1);
    const match = matchOption(message.dict(2));
    const topic = message.uri(3, match);
    member.role.demand("subscribe", topic);
    const { id } = this.#subscriptions.add(member, topic, match);
    send(member, [MessageType.SUBSCRIBED, request, id]);
  }

  unsubscribe(member: Member, message: Incoming): void {
    const request = message.id(1);
    const subscription = message.id(2);
    if (!this.#subscriptions.remove(member, subscription)) {
      throw new Failure(`Cannot unsubscribe: this session has no subscription ${subscription}`, {
        source: "client",
        uri: ErrorUri.noSuchSubscription,
      });
    }
    send(member, [MessageType.UNSUBSCRIBED, request]);
  }

  publish(member: Member, message: Incoming): void {
    const request = message.id(1);
    const options = message.dict(2);
    const topic = message.uri(3);
    const payload = message.payload(4);
    refuseReserved("publish", topic);
    member.role.demand("publish", topic);
    const discloses = options["disclose_me"] === true || member.role.discloses("publisher", topic);
    const details = discloses ? publisherDetails(member) : {};
    const publication = randomId();
    const receives = receiverFilter(member, options);
    this.#route(topic, publication, details, payload, receives);
    if (options["acknowledge"] === true) {
      send(member, [MessageType.PUBLISHED, request, publication]);
    }
  }

  /** Publishes an event of the router's own, such as `wamp.session.on_join`. */
  publishOwn(topic: string, args: readonly unknown[]): void {
    this.#route(topic, randomId(), {}, payloadOf(args), () => true);
  }

  leave(member: Member): void {
    this.#subscriptions.removeAll(member);
  }

  #route(
    topic: string,
    publication: number,
    details: Dict,
    payload: Payload,
    receives: (member: Member) => boolean,
  ): void {
    for (const subscription of this.#subscriptions.matches(topic)) {
      const byPattern = subscription.match !== "exact";
      const head = [
        MessageType.EVENT,
        subscription.id,
        publication,
        byPattern ? { ...details, topic } : details,
      ];
      // A pattern may reach further than what its subscriber is permitted to hear.
      const hears = (member: Member): boolean =>
        receives(member) && (!byPattern || member.role.allows("subscribe", topic));
      this.#fanOut(subscription, head, payload, hears);
    }
  }

  /** Makes the EVENT once for each kind of connection, and sends it to every subscriber. */
  #fanOut(
    subscription: Subscription,
    head: readonly unknown[],
    payload: Payload,
    hears: (member: Member) => boolean,
  ): void {
    const made = new Map<string, WireMessage | Failure>();
    for (const member of subscription.subscribers) {
      if (!hears(member)) continue;
      const kind = `${member.serializer}${member.isText ? "+text" : ""}`;
      let event = made.get(kind);
      if (event === undefined) {
        event = attempt(() => kept(messageFor(member, head, payload)));
        // Another subscriber of this kind may take longer messages, so only a value counts for all.
        if (!isTooLong(event)) made.set(kind, event);
      }
      const failure = event instanceof Failure ? event : tooLongFor(member, event, head);
      if (failure !== undefined) {
        this.#log.warn("event left out", {
          session: member.id,
          subscription: subscription.id,
          reason: sentenceOf(failure),
        });
        continue;
      }
      if (!(event instanceof Failure)) member.send(event);
    }
  }
}

/** A message of our own: what a writer gives out may be its buffer, which the next one overwrites. */
function kept(message: WireMessage): WireMessage {
  return typeof message === "string" ? message : Uint8Array.from(message);
}

function attempt(make: () => WireMessage): WireMessage | Failure {
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

function tooLongFor(
  member: Member,
  event: WireMessage,
  head: readonly unknown[],
): Failure | undefined {
  const result = attempt(() => {
    refuseTooLong(member, event, head);
    return event;
  });
  return result instanceof Failure ? result : undefined;
}

function publisherDetails(member: Member): Dict {
  return {
    publisher: member.id,
    publisher_authid: member.identity.authid,
    publisher_authrole: member.identity.authrole,
  };
}

/** Who may receive: `exclude_me`, and the `exclude` and `eligible` lists. */
function receiverFilter(publisher: Member, options: Dict): (member: Member) => boolean {
  const excludesPublisher = options["exclude_me"] !== false;
  const rules: ((member: Member) => boolean)[] = [];
  for (const [suffix, of] of [
    ["", (member: Member) => member.id],
    ["_authid", (member: Member) => member.identity.authid],
    ["_authrole", (member: Member) => member.identity.authrole],
  ] as const) {
    const exclude = options[`exclude${suffix}`];
    const eligible = options[`eligible${suffix}`];
    for (const list of [exclude, eligible]) {
      if (list === undefined || list === null || Array.isArray(list)) continue;
      throw new Failure("Cannot publish: exclude and eligible take lists", {
        source: "client",
        uri: ErrorUri.invalidArgument,
      });
    }
    if (Array.isArray(exclude)) rules.push((member) => !exclude.includes(of(member)));
    if (Array.isArray(eligible)) rules.push((member) => eligible.includes(of(member)));
  }
  return (member) =>
    !(excludesPublisher && member === publisher) && rules.every((rule) => rule(member));
}
