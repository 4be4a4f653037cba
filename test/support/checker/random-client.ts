/** A client that does one thing after the other at random, and comes back when its session is over. */

import type { SerializerName } from "#wamp/serializer-name.ts";
import type { RandomNumbers } from "./random-numbers.ts";
import type { Invoke, Match, RealmHistory } from "./realm-history.ts";
import { type Place, RecordedSession } from "./recorded-session.ts";

/** How often each thing is done. */
const WEIGHTS = {
  publish: 40,
  call: 30,
  subscribe: 12,
  unsubscribe: 5,
  register: 8,
  unregister: 4,
  leave: 2,
  vanish: 1,
};

const TOPICS = ["com.example.a", "com.example.a.b", "com.example.c.b", "com.other.a.b", "net.x"];

/** Patterns of subscriptions; the topics above fit some of them. */
export const PATTERNS: readonly (readonly [topic: string, match: Match])[] = [
  ["com.example.a", "exact"],
  ["com.example.a.b", "exact"],
  ["net.x", "exact"],
  ["com.example.a", "prefix"],
  ["com.", "prefix"],
  ["com.example..b", "wildcard"],
  ["com...b", "wildcard"],
  [".x", "wildcard"],
];

/** Procedures, which are always registered with the same policy. */
export const PROCEDURES: readonly (readonly [procedure: string, invoke: Invoke])[] = [
  ["com.example.single1", "single"],
  ["com.example.single2", "single"],
  ["com.example.roundrobin", "roundrobin"],
  ["com.example.random", "random"],
  ["com.example.first", "first"],
  ["com.example.last", "last"],
];

const CANCEL_MODES = ["skip", "kill", "killnowait"];
const CANCELED_SHARE = 0.05;
const CANCEL_WITHIN_MS = 20;
const LISTED_SHARE = 0.2;
const PAUSE_MS = 10;
const COME_BACK_MS = 50;

/** What a client needs to know. */
export interface ClientPlan {
  realm: string;
  places: readonly Place[];
  serializer: SerializerName;
  history: RealmHistory;
  random: RandomNumbers;
  /** The client takes up nothing more, and stays, when it is aborted. */
  signal: AbortSignal;
}

/** Does things until it is told to stop; gives the session that is left. */
export async function actAtRandom(plan: ClientPlan): Promise<RecordedSession> {
  const { random, signal } = plan;
  let session = await joinAnywhere(plan);
  while (!signal.aborted) {
    if (session.isOver) session = await joinAnywhere(plan);
    await act(session, plan);
    await Bun.sleep(random.below(PAUSE_MS));
  }
  return session.isOver ? joinAnywhere(plan) : session;
}

/** Joins on a worker that lets it; some may be down. */
async function joinAnywhere(plan: ClientPlan): Promise<RecordedSession> {
  const { realm, places, serializer, history, random } = plan;
  for (;;) {
    const place = random.oneOf(places);
    const session = await RecordedSession.join(realm, place, serializer, history, random);
    if (session !== undefined) return session;
    await Bun.sleep(random.below(COME_BACK_MS));
  }
}

async function act(session: RecordedSession, { history, random }: ClientPlan): Promise<void> {
  const kind = random.weighted(WEIGHTS);
  if (kind === "publish") return session.publish(random.oneOf(TOPICS), receivers(history, random));
  if (kind === "call") {
    const [procedure] = random.oneOf(PROCEDURES);
    const cancel = random.happens(CANCELED_SHARE) ? random.below(CANCEL_WITHIN_MS) : undefined;
    return session.call(procedure, cancel, random.oneOf(CANCEL_MODES));
  }
  if (kind === "subscribe") return subscribe(session, random);
  if (kind === "unsubscribe") {
    const ids = [...session.subscriptions.keys()];
    return ids.length === 0 ? undefined : session.unsubscribe(random.oneOf(ids));
  }
  if (kind === "register") return register(session, random);
  if (kind === "unregister") {
    const ids = [...session.registrations.keys()];
    return ids.length === 0 ? undefined : session.unregister(random.oneOf(ids));
  }
  return session.leave(kind === "leave");
}

/** A second subscription to the same pattern would be the first one. */
async function subscribe(session: RecordedSession, random: RandomNumbers): Promise<void> {
  const [topic, match] = random.oneOf(PATTERNS);
  const has = [...session.subscriptions.values()];
  if (has.some((one) => one.topic === topic && one.match === match)) return;
  await session.subscribe(topic, match);
}

async function register(session: RecordedSession, random: RandomNumbers): Promise<void> {
  const [procedure, invoke] = random.oneOf(PROCEDURES);
  const has = [...session.registrations.values()];
  if (!has.some((one) => one.procedure === procedure)) await session.register(procedure, invoke);
}

function receivers(history: RealmHistory, random: RandomNumbers) {
  const alive = [...history.sessions.values()]
    .filter(({ endedAt }) => endedAt === undefined)
    .map(({ session }) => session);
  const some = () => alive.filter(() => random.happens(0.5));
  return {
    excludeMe: random.happens(0.7),
    exclude: random.happens(LISTED_SHARE) ? some() : [],
    ...(random.happens(LISTED_SHARE) && { eligible: some() }),
  };
}
