/**
 * `wamp.subscription.get_events`: the events of a subscription that are kept (WAMP specification, section "Event
 * History"), in the form of Crossbar, and with the attributes of the specification.
 *
 *     wamp.subscription.get_events(subscription_id, limit=10) -> [{publication, topic, args, kwargs, …}, …]
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { Serialized } from "#wamp/serializer/write-value.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { transcodeItem } from "#wamp/transcode/transcoder.ts";
import type { PastEvent } from "./event-history.ts";
import { invalid, type MetaArguments } from "./meta-arguments.ts";
import type { MetaProcedures, MetaRealm } from "./meta-procedure.ts";
import { patternOf } from "./pattern-meta.ts";
import type { RealmSession } from "./realm-session.ts";
import type { Subscription } from "./subscription-map.ts";

/** As in Crossbar, where the caller does not say. */
const DEFAULT_LIMIT = 10;

/** The procedure of a realm. */
export function historyMeta({ broker: { subscriptions } }: MetaRealm): MetaProcedures {
  const all = {
    kind: "subscription" as const,
    uriOfNone: ErrorUri.noSuchSubscription,
    byId: (id: number) => subscriptions.byId(id),
  };
  return {
    "wamp.subscription.get_events": (args, caller) => {
      const subscription = patternOf(all, args.id(0, "subscription_id"), caller);
      return keptEvents(subscription, args, caller);
    },
  };
}

function keptEvents(
  subscription: Subscription,
  args: MetaArguments,
  caller: RealmSession,
): Record<string, unknown>[] {
  if (subscription.history === undefined) throw unavailable(subscription);
  const limit = args.optionalCount(1, "limit") ?? DEFAULT_LIMIT;
  const asked = selectEvents([...subscription.history.events()], args);
  const events = asked.filter(({ publication: { topic, rules } }) => {
    // Those that the caller would not be sent now are not shown either.
    return caller.role.permitsMatch("subscribe", topic) && rules?.admits(caller) !== false;
  });
  // As in Crossbar the newest come first, unless the caller says.
  const isForward = args.named("reverse") === false;
  const ordered = isForward ? events : events.reverse();
  return ordered.slice(0, limit).flatMap((event) => printed(event, subscription, caller));
}

/** The part of the events for which the caller asks; they are in the order in which they were published. */
function selectEvents(events: PastEvent[], args: MetaArguments): PastEvent[] {
  const time = (name: string) => timeOf(args.named(name), name);
  const place = (name: string) => {
    const wanted = args.named(name);
    if (wanted === undefined) return undefined;
    const found = events.findIndex(({ publication }) => publication.id === wanted);
    return found < 0 ? undefined : found;
  };
  const [fromTime, afterTime] = [time("from_time"), time("after_time")];
  const [beforeTime, untilTime] = [time("before_time"), time("until_time")];
  const [first, after] = [place("from_publication"), place("after_publication")];
  const [before, last] = [place("before_publication"), place("until_publication")];
  const topic = args.named("topic");
  return events.filter(
    (event, index) =>
      (fromTime === undefined || event.time >= fromTime) &&
      (afterTime === undefined || event.time > afterTime) &&
      (beforeTime === undefined || event.time < beforeTime) &&
      (untilTime === undefined || event.time <= untilTime) &&
      (first === undefined || index >= first) &&
      (after === undefined || index > after) &&
      (before === undefined || index < before) &&
      (last === undefined || index <= last) &&
      (topic === undefined || event.publication.topic === topic),
  );
}

/** Nanoseconds of a time in the form of RFC 3339. */
function timeOf(value: unknown, name: string): bigint | undefined {
  if (value === undefined) return undefined;
  const milliseconds = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw invalid(`${name} is no time`);
  return BigInt(milliseconds) * 1_000_000n;
}

/** An event as a value; none when the caller's serializer cannot represent its payload. */
function printed(
  { publication, time }: PastEvent,
  { id: subscription }: Subscription,
  caller: RealmSession,
): Record<string, unknown>[] {
  const { id, topic, details, payload } = publication;
  const { publisher, publisher_authid: authid, publisher_authrole: authrole } = details;
  try {
    const [args, kwargs] = payload.items.map((item) =>
      inSerializer(item, payload.serializer, caller.serializer),
    );
    return [
      {
        time_ns: time,
        timestamp: new Date(Number(time / 1_000_000n)).toISOString(),
        subscription,
        publication: id,
        topic,
        details,
        session_id: publisher ?? null,
        authid: authid ?? null,
        authrole: authrole ?? null,
        args: args ?? new Serialized(encodeMessage([], caller.serializer)),
        kwargs: kwargs ?? null,
      },
    ];
  } catch (thrown) {
    if (!(thrown instanceof UnrepresentableValue)) throw thrown;
    caller.leftOut.add(MessageType.EVENT, sentenceOf(thrown));
    return [];
  }
}

function inSerializer(octets: Uint8Array, from: SerializerName, to: SerializerName): Serialized {
  return new Serialized(from === to ? octets : transcodeItem(octets, from, to));
}

function unavailable({ id }: Subscription): Failure {
  return new Failure(`Cannot get events: none are kept of subscription ${id}`, {
    source: "client",
    uri: ErrorUri.historyUnavailable,
  });
}
