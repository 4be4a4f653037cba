/**
 * The meta procedures about subscriptions and registrations (WAMP specification, sections "Subscription Meta API"
 * and "Registration Meta API"), which are the same for both.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { invalid, type MetaArguments } from "./meta-arguments.ts";
import {
  isTrusted,
  listedSessionOf,
  type MetaProcedures,
  type MetaRealm,
  sessionOf,
} from "./meta-procedure.ts";
import type { ListedSession, RealmSession, RevokedKind } from "./realm-session.ts";
import type { Registration } from "./registration-map.ts";
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
  readonly kind: RevokedKind;
  /** What its sessions are called: `subscriber` or `callee`. */
  readonly member: string;
  readonly uriOfNone: string;
  all(): Iterable<T>;
  get(uri: string, match: MatchPolicy): T | undefined;
  byId(id: number): T | undefined;
  /** The ids of its sessions. */
  members(pattern: T): number[] | Promise<number[]>;
  has(pattern: T, session: ListedSession): boolean;
  /** The ids of those of a session of another worker, if `has` cannot tell. */
  ofRemote?(session: ListedSession): Promise<ReadonlySet<number>>;
  details(pattern: T): Record<string, unknown>;
  revoke(session: RealmSession, pattern: T, reason: string | undefined): void;
}

/** The procedures about the subscriptions of a realm, without their events. */
export function subscriptionMeta(realm: MetaRealm): MetaProcedures {
  const { broker, cluster } = realm;
  const { subscriptions } = broker;
  const shared = cluster?.subscriptions;
  const known = shared ?? subscriptions;
  return {
    ...patternMeta(realm, {
      kind: "subscription",
      member: "subscriber",
      uriOfNone: ErrorUri.noSuchSubscription,
      all: () => known.all(),
      get: (uri, match) => known.get(uri, match),
      byId: (id) => known.byId(id),
      members: (one) =>
        shared?.subscribers(one) ??
        [...(subscriptions.byId(one.id)?.subscribers ?? [])].map(({ id }) => id),
      has: ({ id }, session) => {
        const own = realm.sessions.get(session.id);
        return own !== undefined && subscriptions.byId(id)?.has(own) === true;
      },
      ...(shared && { ofRemote: (session: ListedSession) => shared.ofRemote(session) }),
      details: subscriptionDetails,
      revoke: (session, { id }, reason) => {
        const one = subscriptions.byId(id);
        if (one !== undefined) broker.revoke(session, one, reason);
      },
    }),
    "wamp.subscription.match": (args, caller) => {
      const found = known.matches(args.text(0, "topic"));
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
      members: ({ callees }) => callees.map(({ session }) => session.id),
      has: ({ callees }, { id }) => callees.some(({ session }) => session.id === id),
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
export function subscriptionDetails({ id, created, uri, match }: Pattern) {
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
    [`wamp.${kind}.list_${member}s`]: (args, caller) => patterns.members(found(args, caller)),
    [`wamp.${kind}.count_${member}s`]: (args, caller) => {
      const members = patterns.members(found(args, caller));
      return members instanceof Promise ? members.then(({ length }) => length) : members.length;
    },
    [`wamp.${kind}.remove_${member}`]: (args, caller) => {
      const one = found(args, caller);
      const session = listedSessionOf(realm, args.id(1, `${member}_id`), caller);
      const reason = args.optionalText(2, "reason");
      if (session.revoke !== undefined) return revokeRemote(patterns, one, session, reason);
      if (!patterns.has(one, session)) throw none(patterns, one.id);
      patterns.revoke(sessionOf(realm, session.id, caller), one, reason);
      return null;
    },
  };
}

/** The worker of the session ends it. */
async function revokeRemote<T extends Pattern>(
  patterns: Patterns<T>,
  one: T,
  session: ListedSession,
  reason: string | undefined,
): Promise<null> {
  const members = await patterns.members(one);
  if (!members.includes(session.id)) throw none(patterns, one.id);
  session.revoke?.(patterns.kind, one.id, reason);
  return null;
}

/** The ids of all, or as in Crossbar of those that a session has, by their policies. */
function listed<T extends Pattern>(
  realm: MetaRealm,
  patterns: Patterns<T>,
  args: MetaArguments,
  caller: RealmSession,
): Record<MatchPolicy, number[]> | Promise<Record<MatchPolicy, number[]>> {
  const ofSession =
    args.value(0, "session_id") === undefined
      ? undefined
      : listedSessionOf(realm, args.id(0, "session_id"), caller);
  if (ofSession?.revoke !== undefined && patterns.ofRemote !== undefined) {
    const found = patterns.ofRemote(ofSession);
    return found.then((ids) => byPolicy(patterns, caller, ({ id }) => ids.has(id)));
  }
  return byPolicy(
    patterns,
    caller,
    (one) => ofSession === undefined || patterns.has(one, ofSession),
  );
}

function byPolicy<T extends Pattern>(
  patterns: Patterns<T>,
  caller: RealmSession,
  isMeant: (pattern: T) => boolean,
): Record<MatchPolicy, number[]> {
  const lists = { exact: [] as number[], prefix: [] as number[], wildcard: [] as number[] };
  for (const one of patterns.all()) {
    if (!isShown(one.uri, caller) || !isMeant(one)) continue;
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
