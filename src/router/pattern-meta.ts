/**
 * The meta procedures about subscriptions and registrations (WAMP specification, sections "Subscription Meta API"
 * and "Registration Meta API"), which are the same for both.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { invalid, type MetaArguments } from "./meta-arguments.ts";
import { isTrusted, type MetaProcedures, type MetaRealm, sessionOf } from "./meta-procedure.ts";
import type { RealmSession } from "./realm-session.ts";
import { hasCallee, type Registration } from "./registration-map.ts";
import type { Subscription } from "./subscription-map.ts";
import type { MatchPolicy } from "./uri-match.ts";

/** What a subscription and a registration have in common. */
interface Pattern {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly created: number;
}

/** The subscriptions, or the registrations, of a realm. */
interface Patterns<T extends Pattern> {
  /** `subscription` or `registration`. */
  readonly kind: string;
  /** What its sessions are called: `subscriber` or `callee`. */
  readonly member: string;
  readonly uriOfNone: string;
  all(): Iterable<T>;
  get(uri: string, match: MatchPolicy): T | undefined;
  byId(id: number): T | undefined;
  members(pattern: T): RealmSession[];
  has(pattern: T, session: RealmSession): boolean;
  details(pattern: T): Record<string, unknown>;
  revoke(session: RealmSession, pattern: T, reason: string | undefined): void;
}

/** The procedures about the subscriptions of a realm, without their events. */
export function subscriptionMeta(realm: MetaRealm): MetaProcedures {
  const { broker } = realm;
  const { subscriptions } = broker;
  return {
    ...patternMeta(realm, {
      kind: "subscription",
      member: "subscriber",
      uriOfNone: ErrorUri.noSuchSubscription,
      all: () => subscriptions.all(),
      get: (uri, match) => subscriptions.get(uri, match),
      byId: (id) => subscriptions.byId(id),
      members: ({ subscribers }) => [...subscribers],
      has: (subscription, session) => subscription.has(session),
      details: subscriptionDetails,
      revoke: (session, one, reason) => broker.revoke(session, one, reason),
    }),
    "wamp.subscription.match": (args, caller) => {
      const found = subscriptions.matches(args.text(0, "topic"));
      const ids = found.filter(({ uri }) => isShown(uri, caller)).map(({ id }) => id);
      return ids.length === 0 ? null : ids;
    },
  };
}

/** The procedures about the registrations of a realm. */
export function registrationMeta(realm: MetaRealm): MetaProcedures {
  const { dealer } = realm;
  const { registrations } = dealer;
  return {
    ...patternMeta(realm, {
      kind: "registration",
      member: "callee",
      uriOfNone: ErrorUri.noSuchRegistration,
      all: () => registrations.all(),
      get: (uri, match) => registrations.get(uri, match),
      byId: (id) => registrations.byId(id),
      members: ({ callees }) => callees.map(({ session }) => session),
      has: hasCallee,
      details: registrationDetails,
      revoke: (session, one, reason) => dealer.revoke(session, one, reason),
    }),
    "wamp.registration.match": (args, caller) => {
      const [best] = registrations.matches(args.text(0, "procedure"));
      return best !== undefined && isShown(best.uri, caller) ? best.id : null;
    },
  };
}

/** What is told of a subscription. */
export function subscriptionDetails({ id, created, uri, match }: Subscription) {
  return { id, created: new Date(created).toISOString(), uri, match };
}

/** What is told of a registration. */
export function registrationDetails({ id, created, uri, match, invoke }: Registration) {
  return { id, created: new Date(created).toISOString(), uri, match, invoke };
}

function patternMeta<T extends Pattern>(realm: MetaRealm, patterns: Patterns<T>): MetaProcedures {
  const { kind, member } = patterns;
  const idName = `${kind}_id`;
  const found = (args: MetaArguments, caller: RealmSession) =>
    patternOf(patterns, args.id(0, idName), caller);
  const uriName = kind === "subscription" ? "topic" : "procedure";
  return {
    [`wamp.${kind}.list`]: (args, caller) => listed(realm, patterns, args, caller),
    [`wamp.${kind}.lookup`]: (args, caller) => {
      const match = policyOf(args.map(1, "options")["match"]);
      const one = patterns.get(args.text(0, uriName), match);
      return one !== undefined && isShown(one.uri, caller) ? one.id : null;
    },
    [`wamp.${kind}.get`]: (args, caller) => patterns.details(found(args, caller)),
    [`wamp.${kind}.list_${member}s`]: (args, caller) =>
      patterns.members(found(args, caller)).map(({ id }) => id),
    [`wamp.${kind}.count_${member}s`]: (args, caller) =>
      patterns.members(found(args, caller)).length,
    [`wamp.${kind}.remove_${member}`]: (args, caller) => {
      const one = found(args, caller);
      const session = sessionOf(realm, args.id(1, `${member}_id`), caller);
      if (!patterns.has(one, session)) throw none(patterns, one.id);
      patterns.revoke(session, one, args.optionalText(2, "reason"));
      return null;
    },
  };
}

/** The ids of all, or as in Crossbar of those that a session has, by their policies. */
function listed<T extends Pattern>(
  realm: MetaRealm,
  patterns: Patterns<T>,
  args: MetaArguments,
  caller: RealmSession,
): Record<MatchPolicy, number[]> {
  const ofSession =
    args.value(0, "session_id") === undefined
      ? undefined
      : sessionOf(realm, args.id(0, "session_id"), caller);
  const lists = { exact: [] as number[], prefix: [] as number[], wildcard: [] as number[] };
  for (const one of patterns.all()) {
    if (!isShown(one.uri, caller)) continue;
    if (ofSession !== undefined && !patterns.has(one, ofSession)) continue;
    lists[one.match].push(one.id);
  }
  return lists;
}

/**
 * The subscription or registration with an id.
 *
 * @throws Failure when there is none, or the caller may not know of it.
 */
export function patternOf<T extends Pattern>(
  patterns: Pick<Patterns<T>, "kind" | "uriOfNone" | "byId">,
  id: number,
  caller: RealmSession,
): T {
  const one = patterns.byId(id);
  if (one === undefined) throw none(patterns, id);
  if (isShown(one.uri, caller)) return one;
  throw new Failure(`Cannot use ${patterns.kind} ${id}: it is the router's`, {
    source: "client",
    uri: ErrorUri.notAuthorized,
  });
}

function none({ kind, uriOfNone }: Pick<Patterns<Pattern>, "kind" | "uriOfNone">, id: number) {
  return new Failure(
    `Cannot use ${kind} ${id}: there is none with this id, or the session lacks it`,
    {
      source: "client",
      uri: uriOfNone,
    },
  );
}

/** As in Crossbar, patterns of the router are shown to sessions with all rights alone. */
function isShown(uri: string, caller: RealmSession): boolean {
  return isTrusted(caller) || !(uri.startsWith("wamp.") || uri.startsWith("crossbar."));
}

function policyOf(value: unknown): MatchPolicy {
  if (value === undefined || value === null) return "exact";
  if (value === "exact" || value === "prefix" || value === "wildcard") return value;
  throw invalid("match is not exact, prefix or wildcard");
}
