/**
 * checkHistory: whether a realm kept its promises to the clients of a history. While it is disturbed events may be lost
 * and calls may fail, but nothing comes twice, in another order, or to somebody for whom it is not meant, and no call
 * stays without an end.
 */

import type {
  CallSpan,
  PublicationSpan,
  RealmHistory,
  RegistrationSpan,
  SubscriptionSpan,
} from "./realm-history.ts";

/** What callees answer now and then. */
export const REFUSAL = "com.example.refused";

/** The answer to a call that was canceled, or whose callee left. */
export const CANCELED = "wamp.error.canceled";

/** How long events and answers may take, in milliseconds. */
export interface Patience {
  /** Until an event has come, outside of disturbances. */
  eventMs: number;
  /** Until a call has ended, whatever happens. */
  callMs: number;
}

/** What is wrong, a sentence each. */
export function checkHistory(history: RealmHistory, patience: Patience): string[] {
  return [
    ...history.oddities,
    ...unwantedEvents(history),
    ...repeatedEvents(history),
    ...disorderedEvents(history),
    ...missingEvents(history, patience),
    ...endlessCalls(history, patience),
    ...repeatedInvocations(history),
    ...wrongOutcomes(history),
    ...sharedSingles(history),
    ...wrongCounts(history),
  ];
}

/** Whether a subscription is for a topic (WAMP, section 14.4). */
export function isFor({ topic: pattern, match }: SubscriptionSpan, topic: string): boolean {
  if (match === "exact") return topic === pattern;
  if (match === "prefix") return topic.startsWith(pattern);
  const parts = topic.split(".");
  const wanted = pattern.split(".");
  return parts.length === wanted.length && wanted.every((one, i) => one === "" || one === parts[i]);
}

/** Whether a session is to get a publication, if it has subscribed. */
function isMeant(publication: PublicationSpan, session: number): boolean {
  const { excludeMe, exclude, eligible } = publication;
  if (excludeMe && session === publication.session) return false;
  return !exclude.includes(session) && (eligible?.includes(session) ?? true);
}

function unwantedEvents({ events, publications }: RealmHistory): string[] {
  return events.flatMap(({ subscription, publication: number, topic }) => {
    const publication = publications.get(number);
    const who = `session ${subscription.session}`;
    if (publication === undefined) return [`${who} got event ${number}, which nobody published`];
    if (topic !== publication.topic) {
      return [`${who} got event ${number} of ${publication.topic} as one of ${topic}`];
    }
    if (!isFor(subscription, publication.topic)) {
      return [`${who} got event ${number} of ${topic} for ${subscription.topic}`];
    }
    if (isMeant(publication, subscription.session)) return [];
    return [`${who} got event ${number}, which was not meant for it`];
  });
}

function repeatedEvents({ events }: RealmHistory): string[] {
  const seen = new Map<SubscriptionSpan, Set<number>>();
  return events.flatMap(({ subscription, publication }) => {
    const numbers = seen.get(subscription) ?? new Set();
    seen.set(subscription, numbers);
    if (!numbers.has(publication)) {
      numbers.add(publication);
      return [];
    }
    return [`session ${subscription.session} got event ${publication} twice`];
  });
}

/** Events of one publisher for one topic come in the order in which they were published. */
function disorderedEvents({ events, publications }: RealmHistory): string[] {
  const last = new Map<SubscriptionSpan, Map<string, number>>();
  return events.flatMap(({ subscription, publication: number, topic }) => {
    const publisher = publications.get(number)?.session;
    const numbers = last.get(subscription) ?? new Map<string, number>();
    last.set(subscription, numbers);
    const stream = `${publisher} ${topic}`;
    const before = numbers.get(stream) ?? 0;
    numbers.set(stream, Math.max(before, number));
    if (number >= before) return [];
    return [`session ${subscription.session} got event ${number} behind ${before}`];
  });
}

function missingEvents(history: RealmHistory, { eventMs }: Patience): string[] {
  const { subscriptions, publications, events } = history;
  const got = new Map<SubscriptionSpan, Set<number>>();
  for (const { subscription, publication } of events) {
    got.set(subscription, (got.get(subscription) ?? new Set()).add(publication));
  }
  return [...publications.values()].flatMap((publication) => {
    const { number, topic, sentAt, publishedAt } = publication;
    if (publishedAt === undefined || isDisturbed(history, sentAt, publishedAt + eventMs)) return [];
    const missed = subscriptions.filter(
      (one) =>
        isFor(one, topic) &&
        isMeant(publication, one.session) &&
        one.activeAt < sentAt &&
        endOf(history, one) > publishedAt + eventMs &&
        !got.get(one)?.has(number),
    );
    return missed.map(({ session }) => `session ${session} did not get event ${number}`);
  });
}

function endlessCalls({ calls, sessions }: RealmHistory, { callMs }: Patience): string[] {
  return [...calls.values()].flatMap(({ number, session, procedure, sentAt, endedAt }) => {
    const end = endedAt ?? sessions.get(session)?.endedAt ?? Number.POSITIVE_INFINITY;
    if (end - sentAt <= callMs) return [];
    return [`call ${number} of ${procedure} by session ${session} had no end after ${callMs} ms`];
  });
}

function repeatedInvocations({ invocations }: RealmHistory): string[] {
  const seen = new Map<number, number>();
  return invocations.flatMap(({ call, session }) => {
    const first = seen.get(call);
    seen.set(call, session);
    return first === undefined ? [] : [`call ${call} reached sessions ${first} and ${session}`];
  });
}

/** A RESULT is that of its call; ERROR of the router has a reason. */
function wrongOutcomes(history: RealmHistory): string[] {
  const invoked = new Set(history.invocations.map(({ call }) => call));
  return [...history.calls.values()].flatMap((call) => {
    const { number, outcome, sentAt, endedAt = Number.POSITIVE_INFINITY } = call;
    if (outcome === undefined) return [];
    if ("result" in outcome) {
      if (outcome.result !== number) return [`call ${number} got the result ${outcome.result}`];
      return invoked.has(number) ? [] : [`call ${number} got a result that nobody gave`];
    }
    const { error } = outcome;
    if (error === REFUSAL || (error === CANCELED && call.canceledAt !== undefined)) return [];
    if (isDisturbed(history, sentAt, endedAt)) return [];
    if (error === "wamp.error.no_such_procedure") {
      const [callee] = steadyCallees(history, call);
      return callee === undefined
        ? []
        : [`call ${number} found no procedure, which session ${callee.session} had`];
    }
    // The callee left.
    const isLost = history.registrations.some(
      (one) => one.procedure === call.procedure && endOf(history, one) < endedAt,
    );
    return isLost ? [] : [`call ${number} got ${error} for no reason`];
  });
}

/** Registrations that were there all the time that a call took. */
function steadyCallees(history: RealmHistory, call: CallSpan): RegistrationSpan[] {
  const { procedure, sentAt, endedAt = Number.POSITIVE_INFINITY } = call;
  return history.registrations.filter(
    (one) => one.procedure === procedure && one.activeAt < sentAt && endOf(history, one) > endedAt,
  );
}

function sharedSingles(history: RealmHistory): string[] {
  const singles = history.registrations.filter(({ invoke }) => invoke === "single");
  return singles.flatMap((one, index) =>
    singles.slice(index + 1).flatMap((other) => {
      if (one.procedure !== other.procedure || one.session === other.session) return [];
      const from = Math.max(one.activeAt, other.activeAt);
      const to = Math.min(endOf(history, one), endOf(history, other));
      if (from >= to || isDisturbed(history, from, to)) return [];
      return [`sessions ${one.session} and ${other.session} both have ${one.procedure} alone`];
    }),
  );
}

/** At the end of the history, when nothing happens any more. */
function wrongCounts(history: RealmHistory): string[] {
  const alive = [...history.sessions.values()].filter(({ endedAt }) => endedAt === undefined);
  return history.counts.flatMap(({ member, sessions, subscribers, callees }) => [
    ...different(`sessions, says worker ${member}`, sessions, alive.length),
    ...Object.entries(subscribers).flatMap(([key, count]) => {
      const has = history.subscriptions.filter(
        (one) => `${one.match} ${one.topic}` === key && isHeld(history, one),
      );
      return different(`subscribers of ${key}, says worker ${member}`, count, has.length);
    }),
    ...Object.entries(callees).flatMap(([procedure, count]) => {
      const has = history.registrations.filter(
        (one) => one.procedure === procedure && isHeld(history, one),
      );
      return different(`callees of ${procedure}, says worker ${member}`, count, has.length);
    }),
  ]);
}

function different(what: string, said: number, found: number): string[] {
  return said === found ? [] : [`there are ${said} ${what}, where there are ${found}`];
}

function isHeld(history: RealmHistory, span: SubscriptionSpan | RegistrationSpan): boolean {
  return endOf(history, span) === Number.POSITIVE_INFINITY;
}

function endOf(history: RealmHistory, span: SubscriptionSpan | RegistrationSpan): number {
  const sessionEnd = history.sessions.get(span.session)?.endedAt ?? Number.POSITIVE_INFINITY;
  return Math.min(span.endingAt ?? Number.POSITIVE_INFINITY, sessionEnd);
}

function isDisturbed({ disturbances }: RealmHistory, from: number, to: number): boolean {
  return disturbances.some((one) => one.from <= to && from <= one.to);
}
