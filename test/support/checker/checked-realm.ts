/**
 * checkedRealm: random clients on all workers of a realm, while it is disturbed; then everything is let come to rest, each
 * worker is asked what it counts, and the history is checked.
 */

import { checkHistory, type Patience } from "./check-history.ts";
import { actAtRandom, PATTERNS, PROCEDURES } from "./random-client.ts";
import { RandomNumbers } from "./random-numbers.ts";
import { type MemberCounts, RealmHistory } from "./realm-history.ts";
import { type Place, RecordedSession } from "./recorded-session.ts";

const SERIALIZERS = ["json", "msgpack", "cbor"] as const;
const COUNTS_AGAIN_MS = 50;

/** A fault that is brought about from outside. */
export interface Fault {
  name: string;
  /** Brings it about; resolves when the realm has to be whole again. */
  happen: () => Promise<unknown>;
}

export interface CheckedRun {
  realm: string;
  /** A URL for each worker. */
  urls: readonly string[];
  clients: number;
  milliseconds: number;
  seed: number;
  patience: Patience;
  /** One after the other, again and again, with rest between them. */
  faults?: readonly Fault[];
  restMs?: number;
}

export interface CheckedOutcome {
  history: RealmHistory;
  violations: string[];
}

export async function checkedRealm(run: CheckedRun): Promise<CheckedOutcome> {
  const { realm, urls, clients, milliseconds, seed, patience } = run;
  const history = new RealmHistory();
  const places = urls.map((url, member): Place => ({ url, member }));
  const over = new AbortController();
  const acting = Array.from({ length: clients }, (_, index) =>
    actAtRandom({
      realm,
      places,
      serializer: SERIALIZERS[index % SERIALIZERS.length] ?? "json",
      history,
      random: new RandomNumbers(seed * 1_000 + index),
      signal: over.signal,
    }),
  );
  const timer = setTimeout(() => over.abort(), milliseconds);
  await disturb(run, history, over.signal);
  const sessions = await Promise.all(acting);
  clearTimeout(timer);
  const observers = await Promise.all(
    places.map((place) =>
      RecordedSession.join(realm, place, "json", history, new RandomNumbers(seed)),
    ),
  );
  const deadline = performance.now() + patience.callMs;
  let violations: string[];
  for (const [member, observer] of observers.entries()) {
    if (observer === undefined) history.oddities.push(`nobody can join at worker ${member}`);
  }
  do {
    history.counts.length = 0;
    for (const [member, observer] of observers.entries()) {
      if (observer !== undefined) history.counts.push(await countsOf(member, observer));
    }
    violations = checkHistory(history, patience);
    if (violations.length > 0) await Bun.sleep(COUNTS_AGAIN_MS);
  } while (violations.length > 0 && performance.now() < deadline);
  await Promise.all([...sessions, ...observers].map((session) => session?.leave(true)));
  return { history, violations };
}

/** Brings the faults about until the run is over, and notes when. */
async function disturb(
  { faults = [], restMs = 0 }: CheckedRun,
  history: RealmHistory,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 0; faults.length > 0; turn++) {
    await Promise.race([Bun.sleep(restMs), aborted(signal)]);
    const fault = faults[turn % faults.length];
    if (signal.aborted || fault === undefined) return;
    const from = performance.now();
    await fault.happen();
    history.disturbances.push({ name: fault.name, from, to: performance.now() });
  }
  await aborted(signal);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

async function countsOf(member: number, observer: RecordedSession): Promise<MemberCounts> {
  const ask = (procedure: string, ...args: unknown[]) => observer.result(procedure, args);
  const sessions = Number(await ask("wamp.session.count"));
  const subscribers: Record<string, number> = {};
  for (const [topic, match] of PATTERNS) {
    const id = await ask("wamp.subscription.lookup", topic, { match });
    const count = id == null ? 0 : await ask("wamp.subscription.count_subscribers", id);
    subscribers[`${match} ${topic}`] = Number(count ?? 0);
  }
  const callees: Record<string, number> = {};
  for (const [procedure] of PROCEDURES) {
    const id = await ask("wamp.registration.lookup", procedure);
    const count = id == null ? 0 : await ask("wamp.registration.count_callees", id);
    callees[procedure] = Number(count ?? 0);
  }
  return { member, sessions, subscribers, callees };
}
